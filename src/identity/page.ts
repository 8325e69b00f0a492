import { identityError } from './errors.ts';

export interface PageRequest {
  /** The `next` of the page before; without it the first page. */
  readonly cursor?: string | undefined;
  /** 100 by default, at most 1000. */
  readonly limit?: number | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined;
}

const USUAL_LIMIT = 100;
const LONGEST_LIMIT = 1000;
const ID = /^[0-9a-hjkmnp-tv-z]{26}$/;

/** Throws `PAGE_REFUSED` for a limit that is none. */
export function checkPageLimit(limit: number = USUAL_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LONGEST_LIMIT) return limit;
  throw identityError('PAGE_REFUSED', `a page cannot hold ${limit} items`);
}

/** The id that a cursor is; throws `PAGE_REFUSED` for anything else, which then reaches no query. */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined || ID.test(cursor)) return cursor;
  throw identityError('PAGE_REFUSED', 'the cursor is not one that a list has given');
}
