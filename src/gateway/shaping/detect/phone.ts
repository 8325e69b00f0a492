/** Numbers of telephones in international form alone (ITU-T E.164): the plus says what the digits are. */
import type { Detector, Found } from './found.ts';

const FEWEST_DIGITS = 8;
const MOST_DIGITS = 15;

export const phone: Detector = {
  find: (text) =>
    [...text.matchAll(/(?<![\p{L}\p{N}+])\+[1-9](?:[ ().\u00a0-]{0,2}\d){6,14}(?!\d)/gu)].flatMap(
      ({ index, 0: match }): Found[] => {
        const digits = match.replace(/\D/g, '');
        if (digits.length < FEWEST_DIGITS || digits.length > MOST_DIGITS) return [];
        return [{ start: index, end: index + match.length, canonical: `+${digits}` }];
      },
    ),
};
