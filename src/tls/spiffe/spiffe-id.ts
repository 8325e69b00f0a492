import { err, ok, type Result } from '#kernel';

/**
 * The name of a workload: `spiffe://trust-domain/path/of/segments`. The path is empty in the name of a
 * trust domain itself.
 */
export interface SpiffeId {
  readonly trustDomain: string;
  readonly path: readonly string[];
}

/** Why a text is no SPIFFE ID; the table in `spiffe-id.test.ts` has an example of each. */
export type SpiffeIdRefusal =
  | 'longer than 2048 bytes'
  | 'not `spiffe://`'
  | 'no trust domain'
  | 'a trust domain longer than 255 bytes'
  | 'userinfo'
  | 'a port'
  | 'a query'
  | 'a fragment'
  | 'percent-encoding'
  | 'a trust domain of other characters than `a-z 0-9 . - _`'
  | 'a trailing slash'
  | 'an empty path segment'
  | 'a dot segment'
  | 'a path of other characters than `A-Z a-z 0-9 . - _`';

const SCHEME = 'spiffe://';
const LONGEST = 2048;
const LONGEST_TRUST_DOMAIN = 255;

const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

/**
 * Reads a SPIFFE ID (SPIFFE-ID.md §2, §4). Nothing is repaired: a reader that lower-cases, decodes or
 * resolves dots agrees with one that does not only until somebody finds two names that fall together.
 * So every name has one spelling, and `printSpiffeId` gives it back byte for byte.
 */
export function parseSpiffeId(text: string): Result<SpiffeId, SpiffeIdRefusal> {
  // Characters beyond ASCII are refused further down, so a length in UTF-16 units is one in bytes.
  if (text.length > LONGEST) return err('longer than 2048 bytes');
  if (!text.startsWith(SCHEME)) return err('not `spiffe://`');
  const rest = text.slice(SCHEME.length);
  if (rest.includes('#')) return err('a fragment');
  if (rest.includes('?')) return err('a query');
  if (rest.includes('%')) return err('percent-encoding');
  const [trustDomain, ...path] = rest.split('/') as [string, ...string[]];
  const refusal = refuseTrustDomain(trustDomain) ?? refusePath(path);
  return refusal === undefined ? ok({ trustDomain, path }) : err(refusal);
}

/** The one spelling of a SPIFFE ID. */
export const printSpiffeId = ({ trustDomain, path }: SpiffeId): string =>
  `${SCHEME}${[trustDomain, ...path].join('/')}`;

/** Whether a text can be the name of a trust domain (SPIFFE-ID.md §2.1). */
export const isTrustDomain = (text: string): boolean => refuseTrustDomain(text) === undefined;

function refuseTrustDomain(text: string): SpiffeIdRefusal | undefined {
  if (text === '') return 'no trust domain';
  if (text.includes('@')) return 'userinfo';
  if (text.includes(':')) return 'a port';
  if (text.length > LONGEST_TRUST_DOMAIN) return 'a trust domain longer than 255 bytes';
  return TRUST_DOMAIN.test(text) ? undefined : 'a trust domain of other characters than `a-z 0-9 . - _`';
}

function refusePath(path: readonly string[]): SpiffeIdRefusal | undefined {
  if (path.at(-1) === '') return 'a trailing slash';
  for (const segment of path) {
    if (segment === '') return 'an empty path segment';
    if (segment === '.' || segment === '..') return 'a dot segment';
    if (!SEGMENT.test(segment)) return 'a path of other characters than `A-Z a-z 0-9 . - _`';
  }
  return undefined;
}
