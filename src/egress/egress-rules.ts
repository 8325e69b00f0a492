/**
 * Which addresses a source may reach. The default is the public internet and nothing else; a
 * configuration opens what it means, by range or all private networks together.
 */
import { z } from 'zod';
import { err, ok, type Result } from '#kernel';
import { classify, embeddedIpv4, type AddressClass } from './address-class.ts';
import { bitsOf, contains, parseAddress, parseRange, type IpAddress, type IpRange } from './ip-address.ts';

export interface EgressRules {
  readonly allowed: readonly IpRange[];
  /** Wins over `allowed`: a hole can be cut out of an allowed range. */
  readonly blocked: readonly IpRange[];
  readonly allowPrivateNetworks: boolean;
}

const ipRange = z.string().transform((text, context) => {
  const range = parseRange(text);
  if (range !== undefined) return range;
  context.addIssue({ code: 'custom', message: `\`${text}\` is not an address or a range such as \`10.0.0.0/24\`` });
  return z.NEVER;
});

/** The fields of every source that makes outgoing requests. */
export const egressFields = {
  allowedIpRanges: z
    .array(ipRange)
    .default([])
    .describe('Addresses and ranges that may be reached although they are not public, such as `10.0.0.0/24`.'),
  customBlockedIpRanges: z
    .array(ipRange)
    .default([])
    .describe('Addresses and ranges that may not be reached, whatever else is allowed.'),
  allowPrivateNetworks: z
    .boolean()
    .default(false)
    .describe('Private, loopback, link-local and shared (100.64.0.0/10) addresses may be reached.'),
};

/** Rules from the parsed `egressFields`. */
export function egressRules(config: {
  readonly allowedIpRanges: readonly IpRange[];
  readonly customBlockedIpRanges: readonly IpRange[];
  readonly allowPrivateNetworks: boolean;
}): EgressRules {
  const { allowedIpRanges, customBlockedIpRanges, allowPrivateNetworks } = config;
  return { allowed: allowedIpRanges, blocked: customBlockedIpRanges, allowPrivateNetworks };
}

/** The same from texts that a schema has checked: `reachFields` of #contract. */
export function egressRulesOf(config: {
  readonly allowedIpRanges: readonly string[];
  readonly customBlockedIpRanges: readonly string[];
  readonly allowPrivateNetworks: boolean;
}): EgressRules {
  const ranges = (texts: readonly string[]) => texts.flatMap((text) => parseRange(text) ?? []);
  return {
    allowed: ranges(config.allowedIpRanges),
    blocked: ranges(config.customBlockedIpRanges),
    allowPrivateNetworks: config.allowPrivateNetworks,
  };
}

const OPENED_BY_PRIVATE: ReadonlySet<AddressClass> = new Set(['private', 'loopback', 'link-local', 'shared']);

const A_CLASS: Readonly<Record<Exclude<AddressClass, 'public'>, string>> = {
  loopback: 'a loopback address',
  private: 'a private address',
  'link-local': 'a link-local address',
  shared: 'an address of a shared network',
  unspecified: 'the unspecified address',
  multicast: 'a multicast address',
  reserved: 'a reserved address',
  metadata: 'the metadata service of a cloud',
};

/**
 * Whether a connection to the address may be made; the error is what the address is (`a loopback
 * address`). Text that is no address is refused.
 */
export function judgeAddress(rules: EgressRules, text: string): Result<IpAddress, string> {
  const address = parseAddress(text);
  if (address === undefined) return err('not an IP address');
  const inner = embeddedIpv4(address);
  const blocks = (range: IpRange): boolean =>
    contains(range, address) || (inner !== undefined && contains(range, inner));
  if (rules.blocked.some(blocks)) return err('blocked by `customBlockedIpRanges`');

  const kind = classify(address);
  if (kind === 'public') return ok(address);
  const allowing = rules.allowed.filter((range) => contains(range, address));
  // A wide range must not open the service that hands out the machine's own credentials by accident:
  // it has to be named alone.
  const named =
    kind === 'metadata' ? allowing.some((range) => range.prefix === bitsOf(range.family)) : allowing.length > 0;
  if (named || (rules.allowPrivateNetworks && OPENED_BY_PRIVATE.has(kind))) return ok(address);
  return err(A_CLASS[kind]);
}

/** Judges a URL whose host is an address, so that configuration can refuse it; names pass, until they resolve. */
export function judgeUrl(rules: EgressRules, url: URL): Result<void, string> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (parseAddress(host) === undefined) return ok(undefined);
  const judged = judgeAddress(rules, host);
  return judged.ok ? ok(undefined) : err(`\`${host}\` is ${judged.error}`);
}
