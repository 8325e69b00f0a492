/**
 * What a permit asks for in return, and how a policy ranks, written as annotations. Pure.
 *
 *   @overridable                   a forbid that a permit of higher priority outweighs
 *   @approval / @approval("…")     a person has to say yes: one who may, or one of `group:name` or `role:name`
 *   @duration("15m")               a credential for the tool lives as long at most
 *   @scopes("read write")          and has these scopes at most
 *   @mask("card email")            fields of the answer that are hidden
 *   @limit("100 calls per 1h")     several with `;`; also `rows`, `bytes`, `cost`, and `5 at once`
 *   @validFrom("…") @validUntil    moments of RFC 3339 between which the policy holds
 *   @id("…") @description("…")     for people
 */
import { parseLimits, type Limit } from '#contract';
import { didYouMean, err, ok, parseDuration, type Result } from '#kernel';

export interface Obligations {
  /** Whose yes is needed, each: `''` is anybody who may approve. */
  readonly approvals: readonly string[];
  readonly durationMs: number | undefined;
  /** Undefined where nothing limits them. */
  readonly scopes: readonly string[] | undefined;
  readonly masks: readonly string[];
  readonly limits: readonly Limit[];
}

export const NO_OBLIGATIONS: Obligations = Object.freeze({
  approvals: [],
  durationMs: undefined,
  scopes: undefined,
  masks: [],
  limits: [],
});

export interface Annotated {
  readonly overridable: boolean;
  readonly obligations: Obligations;
  readonly name: string | undefined;
  readonly description: string | undefined;
  /** Milliseconds since the epoch. */
  readonly validFrom: number | undefined;
  readonly validUntil: number | undefined;
}

const FOR_PERMITS = ['approval', 'duration', 'scopes', 'mask', 'limit'] as const;
const KNOWN = [...FOR_PERMITS, 'overridable', 'validFrom', 'validUntil', 'id', 'description'] as const;

/** The error says which annotation is wrong and how it is written. */
export function readAnnotations(
  annotations: Readonly<Record<string, string | null>>,
  effect: 'permit' | 'forbid',
): Result<Annotated, string> {
  for (const name of Object.keys(annotations)) {
    if (!(KNOWN as readonly string[]).includes(name))
      return err(`there is no annotation \`@${name}\`${didYouMean(name, KNOWN)}`);
    if (effect === 'forbid' && (FOR_PERMITS as readonly string[]).includes(name))
      return err(`\`@${name}\` is what a permit asks for in return; this is a forbid`);
    if (effect === 'permit' && name === 'overridable')
      return err('`@overridable` is for a forbid; a permit is outweighed by any forbid that is not overridable');
  }
  const text = (name: string): string | undefined =>
    Object.hasOwn(annotations, name) ? (annotations[name] ?? '') : undefined;
  const approval = text('approval');
  if (approval !== undefined && approval !== '' && !/^(?:group|role):\S.*$/u.test(approval))
    return err('`@approval` stands alone, or names who says yes: `group:name` or `role:name`');
  const duration = text('duration');
  const durationMs = duration === undefined ? undefined : parseDuration(duration);
  if (duration !== undefined && (durationMs === undefined || durationMs <= 0))
    return err(`\`@duration\`: \`${duration}\` is not a duration such as \`15m\``);
  const limits = readLimits(text('limit'));
  if (!limits.ok) return limits;
  const from = readMoment('validFrom', text('validFrom'));
  if (!from.ok) return from;
  const until = readMoment('validUntil', text('validUntil'));
  if (!until.ok) return until;
  if (from.value !== undefined && until.value !== undefined && from.value >= until.value)
    return err('`@validUntil` is not after `@validFrom`: the policy would never hold');
  return ok({
    overridable: Object.hasOwn(annotations, 'overridable'),
    obligations: {
      approvals: approval === undefined ? [] : [approval],
      durationMs,
      scopes: words(text('scopes')),
      masks: words(text('mask')) ?? [],
      limits: limits.value,
    },
    name: text('id'),
    description: text('description'),
    validFrom: from.value,
    validUntil: until.value,
  });
}

const words = (text: string | undefined): readonly string[] | undefined =>
  text === undefined ? undefined : [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))].toSorted();

function readLimits(text: string | undefined): Result<readonly Limit[], string> {
  if (text === undefined) return ok([]);
  const limits = parseLimits(text);
  return limits.ok ? limits : err(`\`@limit\`: ${limits.error}`);
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

function readMoment(name: string, text: string | undefined): Result<number | undefined, string> {
  if (text === undefined) return ok(undefined);
  const at = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? err(`\`@${name}\`: \`${text}\` is not a moment such as \`2027-01-31T18:00:00Z\``) : ok(at);
}

/** All that any of them asks for: where they differ, the stricter. */
export function strictest(all: readonly Obligations[]): Obligations {
  const [first, ...others] = all;
  if (first === undefined) return NO_OBLIGATIONS;
  return others.reduce(both, first);
}

function both(one: Obligations, other: Obligations): Obligations {
  const durations = [one.durationMs, other.durationMs].filter((ms) => ms !== undefined);
  const union = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])].toSorted();
  return {
    approvals: union(one.approvals, other.approvals),
    durationMs: durations.length === 0 ? undefined : Math.min(...durations),
    scopes: intersection(one.scopes, other.scopes),
    masks: union(one.masks, other.masks),
    limits: [...new Map([...one.limits, ...other.limits].map((limit) => [JSON.stringify(limit), limit])).values()],
  };
}

function intersection(one: readonly string[] | undefined, other: readonly string[] | undefined) {
  if (one === undefined || other === undefined) return one ?? other;
  return one.filter((scope) => other.includes(scope));
}
