import { textAt, type Claims } from './claims.ts';
import { upstreamError } from './errors.ts';

import type { Upstream } from './upstream.ts';

/** What an account is judged by. */
export interface AccountFacts {
  readonly claims: Claims;
  /** Verified addresses, the one that the person prefers first. */
  readonly addresses: readonly string[];
  readonly organizations: readonly string[];
}

/**
 * Whether the account may come in. What the configuration asks for and the provider does not say is a refusal:
 * an address that nobody verified belongs to whoever typed it.
 *
 * Gives the address to keep of the person: a verified one, of an allowed domain where domains are asked for.
 * Throws `LEG_NOT_ALLOWED`, with no word about whose account it was.
 */
export function checkAllowed(
  { name, allowed }: Upstream,
  { claims, addresses, organizations }: AccountFacts,
): string | undefined {
  const { domains, domainClaim } = allowed;
  let [address] = addresses;
  if (domains !== undefined && domainClaim !== undefined) {
    if (!domains.includes((textAt(claims, domainClaim) ?? '').toLowerCase())) throw notAllowed(name, 'domain');
  } else if (domains !== undefined) {
    address = addresses.find((one) => domains.includes(domainOf(one)));
    if (address === undefined) throw notAllowed(name, 'domain');
  }
  if (allowed.organizations?.some((one) => organizations.includes(one)) === false) {
    throw notAllowed(name, 'organization');
  }
  return address;
}

/** What stands behind the last `@`; empty for what is no address. */
function domainOf(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 1 ? '' : address.slice(at + 1).toLowerCase();
}

const notAllowed = (name: string, what: 'domain' | 'organization'): Error =>
  upstreamError('LEG_NOT_ALLOWED', `the account at the upstream \`${name}\` is of no ${what} that is allowed`);
