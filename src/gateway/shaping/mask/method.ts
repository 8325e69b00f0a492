/** What is put in the place of what a mask covers. Pure. */
import { createHmac } from 'node:crypto';
import { MASK_METHODS, type MaskMethod } from '#contract';

export const REDACTED = '•••';

/** A text shorter than this would be nearly told by its last four characters. */
const SHORTEST_FOR_LAST4 = 9;

/** Hides from everybody who has not the key, and equal values look equal to those who may not see them. */
export type Digest = (canonical: string) => string;

/** `key`: of the namespace, so that nobody joins what two of them hide. */
export const digestWith =
  (key: Buffer): Digest =>
  (canonical) =>
    `hash:${createHmac('sha256', key).update(canonical).digest('base64url').slice(0, 22)}`;

export const strictestOf = (methods: readonly MaskMethod[]): MaskMethod | undefined =>
  MASK_METHODS.find((method) => methods.includes(method));

export const stricter = (one: MaskMethod | undefined, other: MaskMethod): MaskMethod =>
  one === undefined || MASK_METHODS.indexOf(other) < MASK_METHODS.indexOf(one) ? other : one;

/** What stands for a text. `canonical`: the one spelling of it. Not for `block`, which puts nothing anywhere. */
export function coveredText(method: MaskMethod, text: string, canonical: string, digest: Digest): string {
  switch (method) {
    case 'remove':
      return '';
    case 'hash':
      return digest(canonical);
    case 'last4': {
      const told = canonical.replaceAll(/[^\p{L}\p{N}]/gu, '');
      return told.length < SHORTEST_FOR_LAST4 ? REDACTED : `${REDACTED}${told.slice(-4)}`;
    }
    default:
      return text === '' ? '' : REDACTED;
  }
}
