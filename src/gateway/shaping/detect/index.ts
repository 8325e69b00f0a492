/**
 * detect: what masks know by sight, a kind a file, and how it is found in other spellings (`encoded.ts`). Each looks
 * through a text once, in time in proportion to it, and gives places; what becomes of them is `mask/`'s.
 *
 * Only what can be told from a number that looks like it is here: by a check digit, a prefix, or a form that nothing
 * else has. National ids without check digits are not; a pattern of one's own or a field covers those.
 */
import type { KnownPattern } from '#contract';
import { apiKey } from './api-key.ts';
import { card } from './card.ts';
import { email } from './email.ts';
import type { Detector } from './found.ts';
import { iban } from './iban.ts';
import { ipv4 } from './ipv4.ts';
import { phone } from './phone.ts';
import { privateKey } from './private-key.ts';

export { readingsOf, type Reading } from './encoded.ts';
export type { Detector, Found } from './found.ts';
export { ownPattern } from './own-pattern.ts';

export const KNOWN: Readonly<Record<KnownPattern, Detector>> = {
  card,
  iban,
  email,
  phone,
  'api-key': apiKey,
  'private-key': privateKey,
  ipv4,
};
