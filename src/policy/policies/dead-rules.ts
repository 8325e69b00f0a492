/**
 * Rules that can never decide. It says what can be proved from the heads and from conditions that cannot err, and
 * is silent about everything else: a rule that is named here is dead, one that is not may be so too. Pure.
 */
import { EVERYWHERE } from '#contract';
import { outranks, type Rule } from '../language/rule.ts';
import { headsOf, type Heads } from '../language/scope.ts';

export interface DeadRule {
  readonly rule: Rule;
  /** Why, as the end of a sentence. */
  readonly because: string;
}

/** Those of `rules` that are dead beside `others`; `now` in milliseconds. */
export function deadRules(rules: readonly Rule[], others: readonly Rule[], now: number): readonly DeadRule[] {
  const forbids = [...rules, ...others].filter(isAbsolute);
  return rules.flatMap((rule): DeadRule[] => {
    const because = ended(rule, now) ?? foreign(rule) ?? outweighed(rule, forbids);
    return because === undefined ? [] : [{ rule, because }];
  });
}

function ended({ validUntil }: Rule, now: number): string | undefined {
  if (validUntil === undefined || validUntil > now) return undefined;
  return `it held until ${new Date(validUntil).toISOString()}`;
}

/** Entities of one namespace are in no other: what is confined to one never meets a tool that names another. */
function foreign({ policy, json }: Rule): string | undefined {
  const { namespace } = policy;
  const { resource } = headsOf(json);
  if (namespace === EVERYWHERE || resource.uids === undefined) return undefined;
  const all = resource.uids.every(({ type, id }) => {
    const home = type === 'Namespace' ? id : id.slice(0, Math.max(0, id.indexOf('/')));
    return home !== namespace;
  });
  const named = resource.uids.map(({ type, id }) => `${type}::"${id}"`).join(', ');
  return all ? `${named} is not in \`${namespace}\`, which the policy is confined to` : undefined;
}

function outweighed(rule: Rule, forbids: readonly Rule[]): string | undefined {
  if (rule.effect === 'forbid') return undefined;
  const forbid = forbids.find((one) => covers(one, rule) && !(one.overridable && outranks(rule, one)));
  if (forbid === undefined) return undefined;
  return forbid.overridable
    ? `the forbid \`${forbid.id}\` denies all that it is about, and it does not outrank that`
    : `the forbid \`${forbid.id}\` denies all that it is about`;
}

/** A forbid that always holds where its heads do. */
function isAbsolute({ effect, json, validFrom, validUntil }: Rule): boolean {
  if (effect === 'permit' || validFrom !== undefined || validUntil !== undefined) return false;
  const { principal, resource, rest } = headsOf(json);
  return rest === 0 && principal.whole && resource.whole;
}

function covers(forbid: Rule, permit: Rule): boolean {
  const { namespace } = forbid.policy;
  if (namespace !== EVERYWHERE && namespace !== permit.policy.namespace) return false;
  const [wide, narrow] = [headsOf(forbid.json), headsOf(permit.json)];
  return (
    coversHead(wide.principal, narrow.principal) &&
    coversHead(wide.resource, narrow.resource) &&
    coversActions(wide.actions, narrow.actions)
  );
}

/** Every entity that the narrow one leaves over is left over by the wide one. */
function coversHead(wide: Heads['principal'], narrow: Heads['principal']): boolean {
  if (wide.type !== undefined && wide.type !== typeLeft(narrow)) return false;
  if (wide.uids === undefined) return true;
  const { uids } = narrow;
  if (uids === undefined) return false;
  const names = new Set(wide.uids.map(({ type, id }) => `${type} ${id}`));
  // What is in something named is in it as well; that which is exactly one needs the same one, named.
  if (wide.exact) return narrow.exact && uids.every(({ type, id }) => names.has(`${type} ${id}`));
  return uids.every(({ type, id }) => names.has(`${type} ${id}`));
}

/** The one type that the entities of a head have, where that is known. */
const typeLeft = ({ type, uids, exact }: Heads['principal']): string | undefined =>
  type ?? (exact && uids?.length === 1 ? uids[0]?.type : undefined);

function coversActions(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  if (wide === undefined) return true;
  return narrow !== undefined && narrow.every((action) => wide.includes(action));
}
