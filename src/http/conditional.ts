import { sha256 } from '#kernel';
import { httpError } from './errors.ts';
import type { Headers } from './incoming.ts';

/**
 * Conditional requests (RFC 9110 §13): strong entity tags, `If-None-Match` for what is already known,
 * `If-Match` so that nobody's change is lost under another's.
 */

/** The strong `ETag` of a state that `version` tells from every other. */
export const entityTag = (version: string): string => `"${sha256(version).subarray(0, 15).toString('base64url')}"`;

/** What a change expects of what it changes. */
export type Precondition =
  /** It is there, with one of these tags, or with any. */
  | { readonly kind: 'match'; readonly tags: readonly string[] | '*' }
  /** It is not there. */
  | { readonly kind: 'absent' };

/** Throws `PRECONDITION_REQUIRED` when the request says nothing, `PRECONDITION_FAILED` for what never holds. */
export function preconditionOf(headers: Headers): Precondition {
  const [match, noneMatch] = [headers['if-match'], headers['if-none-match']];
  if (match !== undefined) return { kind: 'match', tags: parseTags(match) };
  // A change only to what is in none of these states says nothing about the state it is in.
  if (noneMatch?.trim() === '*') return { kind: 'absent' };
  throw httpError('PRECONDITION_REQUIRED', 'the request has no `If-Match`, and no `If-None-Match: *`');
}

/** Throws `PRECONDITION_FAILED` unless it holds for the tag, undefined where there is nothing. */
export function checkPrecondition(expected: Precondition, tag: string | undefined): void {
  if (expected.kind === 'absent') {
    if (tag === undefined) return;
    throw httpError('PRECONDITION_FAILED', 'it is there already');
  }
  if (tag !== undefined && (expected.tags === '*' || expected.tags.includes(tag))) return;
  throw httpError(
    'PRECONDITION_FAILED',
    tag === undefined ? 'there is nothing to change' : 'it is in another state than `If-Match` names',
  );
}

/** Whether the caller has what has this tag: the answer is 304. Weakly compared, as §13.1.2 says. */
export function isKnown(headers: Headers, tag: string): boolean {
  const known = headers['if-none-match'];
  if (known === undefined) return false;
  const tags = parseTags(known.replaceAll(/\bW\/(?=")/g, ''));
  return tags === '*' || tags.includes(tag);
}

const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** The strong tags of a list; weak ones match nothing (§13.1.1). */
function parseTags(header: string): readonly string[] | '*' {
  if (header.trim() === '*') return '*';
  return (header.match(TAG) ?? []).filter((tag) => !tag.startsWith('W/'));
}
