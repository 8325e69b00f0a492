/**
 * The oracle: what policies mean, in a hundred lines and without Cedar. Everything is evaluated for every request,
 * nothing is remembered, nothing is selected.
 */

export type Value = string | number | boolean;

/** Conditions, of a language that Cedar's is a part of. */
export type Condition =
  | { readonly kind: 'is'; readonly value: boolean }
  | { readonly kind: 'equals' | 'less'; readonly field: Field; readonly value: Value }
  | { readonly kind: 'has'; readonly field: Field }
  /** An attribute of the caller, or what caller or tool are in. */
  | { readonly kind: 'named'; readonly value: string }
  | { readonly kind: 'within'; readonly of: 'principal' | 'resource'; readonly uid: string }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly of: Condition };

export type Field = 'door' | 'client' | 'asn' | 'mfa' | 'args.amount' | 'args.city';

export type Head = { readonly op: 'all' } | { readonly op: '==' | 'in'; readonly uid: string };

export interface ReferenceRule {
  readonly id: string;
  readonly namespace: string;
  readonly priority: number;
  readonly effect: 'permit' | 'forbid';
  readonly overridable: boolean;
  readonly mask: string | undefined;
  readonly principal: Head;
  readonly action: string | undefined;
  readonly resource: Head;
  readonly when: Condition;
}

export interface ReferenceRequest {
  readonly principal: readonly string[];
  readonly action: string;
  readonly resource: readonly string[];
  readonly namespace: string;
  readonly context: Readonly<Partial<Record<Field, Value>>>;
}

export interface ReferenceVerdict {
  readonly allowed: boolean;
  readonly because: string;
  readonly determining: readonly string[];
  readonly overridden: readonly string[];
  readonly masks: readonly string[];
}

class Erring extends Error {}

const heads = (head: Head, uids: readonly string[]): boolean =>
  head.op === 'all' || (head.op === '==' ? uids[0] === head.uid : uids.includes(head.uid));

function holds(condition: Condition, request: ReferenceRequest): boolean {
  const { context } = request;
  switch (condition.kind) {
    case 'named':
      return request.principal[0] === `User::"${condition.value}"`;
    case 'within':
      return request[condition.of].includes(condition.uid);
    case 'is':
      return condition.value;
    case 'has':
      return context[condition.field] !== undefined;
    case 'equals':
      return read(condition.field, context) === condition.value;
    case 'less': {
      const value = read(condition.field, context);
      if (typeof value !== 'number' || typeof condition.value !== 'number') throw new Erring();
      return value < condition.value;
    }
    case 'and':
      return holds(condition.left, request) && holds(condition.right, request);
    case 'or':
      return holds(condition.left, request) || holds(condition.right, request);
    case 'not':
      return !holds(condition.of, request);
  }
}

function read(field: Field, context: ReferenceRequest['context']): Value {
  const value = context[field];
  if (value === undefined) throw new Erring();
  return value;
}

const rank = ({ namespace, priority }: ReferenceRule): number => (namespace === '*' ? 1e9 : 0) + priority;

export function decide(rules: readonly ReferenceRule[], request: ReferenceRequest): ReferenceVerdict {
  const denied = (because: string, by: readonly ReferenceRule[]) => ({
    ...{ allowed: false, because, determining: by.map(({ id }) => id).toSorted(), overridden: [], masks: [] },
  });
  const matching: ReferenceRule[] = [];
  for (const rule of rules) {
    if (rule.namespace !== '*' && rule.namespace !== request.namespace) continue;
    if (rule.action !== undefined && rule.action !== request.action) continue;
    if (!heads(rule.principal, request.principal) || !heads(rule.resource, request.resource)) continue;
    try {
      if (holds(rule.when, request)) matching.push(rule);
    } catch (error) {
      if (error instanceof Erring) return denied('error', []);
      throw error;
    }
  }
  const permits = matching.filter(({ effect }) => effect === 'permit');
  const forbids = matching.filter(({ effect }) => effect === 'forbid');
  const best = Math.max(...permits.map(rank));
  const standing = forbids.filter((forbid) => !forbid.overridable || rank(forbid) >= best);
  if (standing.length > 0) return denied('forbid', standing);
  if (permits.length === 0) return denied('nothing', []);
  const highest = permits.filter((permit) => rank(permit) === best);
  return {
    allowed: true,
    because: 'permit',
    determining: highest.map(({ id }) => id).toSorted(),
    overridden: forbids.map(({ id }) => id).toSorted(),
    masks: [...new Set(highest.flatMap(({ mask }) => mask ?? []))].toSorted(),
  };
}
