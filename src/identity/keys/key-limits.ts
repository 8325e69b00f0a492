import { formatDuration, formatRange } from '#kernel';
import { ACCESS, type Access } from '#contract';
import { identityError } from '../errors.ts';
import { quote } from '../names.ts';
import { keyRange } from './key-range.ts';
import type { ApiKey } from './api-key.ts';

/** What a key may be limited to beyond its agent's roles. */
export interface KeyLimits {
  /** `read` and `execute` when left out. */
  readonly access?: readonly string[] | undefined;
  /** Exact names; every tool when left out. */
  readonly allowedTools?: readonly string[] | undefined;
  /** Networks in CIDR notation; anywhere when left out. */
  readonly allowedCidrs?: readonly string[] | undefined;
}

const USE: readonly Access[] = ['read', 'execute'];
const MOST_TOOLS = 200;
const MOST_CIDRS = 64;
// One word of printable ASCII: what a tool can be called, also behind another server's prefix.
const TOOL_NAME = /^[\x21-\x7e]{1,256}$/;

/** The limits as they are kept; throws `KEY_LIMIT_REFUSED`. An empty list would be a key for nothing: it is refused. */
export function checkLimits(limits: KeyLimits): Pick<ApiKey, 'access' | 'allowedTools' | 'allowedCidrs'> {
  const { access, allowedTools, allowedCidrs } = limits;
  return {
    access: access === undefined ? USE : checkAccess(access),
    allowedTools: allowedTools === undefined ? null : checkTools(allowedTools),
    allowedCidrs: allowedCidrs === undefined ? null : checkCidrs(allowedCidrs),
  };
}

function checkAccess(words: readonly string[]): readonly Access[] {
  const unknown = words.find((word) => !(ACCESS as readonly string[]).includes(word));
  if (unknown !== undefined || words.length === 0) {
    throw refused(
      `${quote(unknown ?? '')} is no access: a key is for \`read\`, \`execute\`, \`admin\` or several of them`,
    );
  }
  return ACCESS.filter((access) => words.includes(access));
}

function checkTools(names: readonly string[]): readonly string[] {
  const odd = names.find((name) => !TOOL_NAME.test(name));
  if (odd !== undefined) throw refused(`${quote(odd)} cannot be the name of a tool; patterns are not looked at`);
  if (names.length === 0 || names.length > MOST_TOOLS) throw refused(`a key names between 1 and ${MOST_TOOLS} tools`);
  return [...new Set(names)];
}

function checkCidrs(cidrs: readonly string[]): readonly string[] {
  if (cidrs.length === 0 || cidrs.length > MOST_CIDRS)
    throw refused(`a key names between 1 and ${MOST_CIDRS} networks`);
  return [...new Set(cidrs.map((cidr) => formatRange(keyRange(cidr))))];
}

const refused = (message: string): Error => identityError('KEY_LIMIT_REFUSED', message);

const SHORTEST_LIFE_MS = 1000;
const LONGEST_LIFE_MS = 100 * 365 * 86_400_000;

/** Throws `KEY_LIFETIME_REFUSED` unless a key can live that long. */
export function checkLifetime(ms: number): number {
  if (ms >= SHORTEST_LIFE_MS && ms <= LONGEST_LIFE_MS) return Math.round(ms);
  throw identityError('KEY_LIFETIME_REFUSED', `a key cannot live for ${ms} ms`);
}

export const USUAL_GRACE_MS = 86_400_000;
const LONGEST_GRACE_MS = 90 * 86_400_000;

/** Throws `KEY_GRACE_REFUSED` unless a replaced key may stay valid that long. */
export function checkGrace(ms: number): number {
  if (Number.isInteger(ms) && ms >= 0 && ms <= LONGEST_GRACE_MS) return ms;
  throw identityError(
    'KEY_GRACE_REFUSED',
    `a grace of ${ms} ms is not between 0 and ${formatDuration(LONGEST_GRACE_MS)}`,
  );
}
