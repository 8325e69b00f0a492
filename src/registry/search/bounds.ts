/** How much may be asked at once, and is answered. */
export const LONGEST_QUERY = 500;
export const MOST_TAGS = 10;
export const LONGEST_TAG = 128;
export const MOST_FOUND = 25;
export const USUALLY_FOUND = 10;
