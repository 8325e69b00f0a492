import { isPartOf } from '#kernel';
import { keyRange } from './key-range.ts';
import type { ApiKey } from './api-key.ts';

/** What a key lets its bearer do, beside what its agent may. */
export type KeyWidth = Pick<ApiKey, 'access' | 'scopes' | 'allowedTools' | 'allowedCidrs' | 'expiresAt'>;

/**
 * Whether whoever has the one key could do everything with the other: in every respect at once, since
 * scopes of one key and networks of a second would make together what was given to nobody.
 */
export function isNoWider(key: KeyWidth, than: KeyWidth): boolean {
  return (
    isSubset(key.access, than.access) &&
    isSubset(key.scopes, than.scopes) &&
    (than.allowedTools === null || (key.allowedTools !== null && isSubset(key.allowedTools, than.allowedTools))) &&
    (than.allowedCidrs === null || (key.allowedCidrs !== null && areWithin(key.allowedCidrs, than.allowedCidrs))) &&
    (than.expiresAt === null || (key.expiresAt !== null && key.expiresAt <= than.expiresAt))
  );
}

const isSubset = (words: readonly string[], of: readonly string[]): boolean => words.every((word) => of.includes(word));

/** Two halves that make one network together are not looked at: that errs towards a refusal. */
function areWithin(cidrs: readonly string[], wider: readonly string[]): boolean {
  const ranges = wider.map(keyRange);
  return cidrs.map(keyRange).every((range) => ranges.some((around) => isPartOf(range, around)));
}
