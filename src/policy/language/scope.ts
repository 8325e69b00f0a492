/**
 * Whether a rule is about a request at all: the head of a policy (`principal`, `action`, `resource`), looked at
 * without Cedar, so that of a thousand policies Cedar evaluates the few that may apply. Pure; Cedar looks again.
 *
 * A head takes no lists. So the first conditions count as well, as far as they are `principal in […]` and
 * `resource in […]`: these cannot err, and what stands behind one that does not hold is not evaluated.
 */
import { EVERYWHERE } from '#contract';
import type { Expr, PolicyJson } from './cedar.ts';
import type { Rule } from './rule.ts';

/** An entity of a request, as far as heads look at it. */
export interface ScopedEntity {
  readonly type: string;
  readonly id: string;
  /** `uidText` of everything that it is in, however far up. */
  readonly ancestors: ReadonlySet<string>;
}

export interface ScopedRequest {
  readonly principal: ScopedEntity;
  readonly action: string;
  readonly resource: ScopedEntity;
  /** The namespace of the resource. */
  readonly namespace: string;
}

type Scoped = Pick<Rule, 'policy' | 'json'>;

export function isAbout(rule: Scoped, request: ScopedRequest): boolean {
  const { json } = rule;
  return (
    isAboutResource(rule, request.resource, request.namespace) &&
    matches(json.principal, request.principal) &&
    matchesAction(json.action, request.action) &&
    isListed('principal', json.conditions, request.principal)
  );
}

/** Whoever acts, and whatever they do. */
export function isAboutResource({ policy, json }: Scoped, resource: ScopedEntity, namespace: string): boolean {
  return (
    (policy.namespace === EVERYWHERE || policy.namespace === namespace) &&
    matches(json.resource, resource) &&
    isListed('resource', json.conditions, resource)
  );
}

const isListed = (variable: string, conditions: PolicyJson['conditions'], entity: ScopedEntity): boolean =>
  firstLists(conditions).every((list) => list.variable !== variable || list.uids.some((uid) => isIn(uid, entity)));

interface List {
  readonly variable: string;
  readonly uids: readonly Uid[];
}

/** The first conditions, as far as they only list. */
export function firstLists(conditions: PolicyJson['conditions']): readonly List[] {
  const lists: List[] = [];
  for (const condition of conditions) {
    const list = listOf(condition);
    if (list === undefined) break;
    lists.push(list);
  }
  return lists;
}

/** What a condition lists; undefined for one that says anything else. */
function listOf({ kind, body }: PolicyJson['conditions'][number]): List | undefined {
  if (kind !== 'when' || !('in' in body)) return undefined;
  const { left, right } = body.in as { readonly left: Expr; readonly right: Expr };
  if (!('Var' in left) || !('Set' in right)) return undefined;
  const uids = right.Set.flatMap((item) => {
    const value = 'Value' in item ? (item.Value as Partial<Extract<Uid, { __entity: unknown }>> | null) : undefined;
    return value?.__entity === undefined ? [] : [value as Uid];
  });
  return uids.length === right.Set.length ? { variable: left.Var as string, uids } : undefined;
}

/** What the heads and the first conditions of a rule leave over, where that can be said in one word. */
export interface Heads {
  readonly principal: HeadFacts;
  readonly resource: HeadFacts;
  /** Undefined for every action. */
  readonly actions: readonly string[] | undefined;
  /** How many conditions there are beside the first ones that only list. */
  readonly rest: number;
}

export interface HeadFacts {
  readonly type: string | undefined;
  /** The entities that it is one of, or in one of; undefined where any will do. */
  readonly uids: readonly { readonly type: string; readonly id: string }[] | undefined;
  /** Whether it is one of them, and not in one. */
  readonly exact: boolean;
  /** Whether that is all that heads and first conditions say; otherwise they leave over less than this. */
  readonly whole: boolean;
}

export function headsOf({ principal, resource, action, conditions }: PolicyJson): Heads {
  const lists = firstLists(conditions);
  return {
    principal: factsOf(
      principal,
      lists.filter(({ variable }) => variable === 'principal'),
    ),
    resource: factsOf(
      resource,
      lists.filter(({ variable }) => variable === 'resource'),
    ),
    actions: actionsOf(action),
    rest: conditions.length - lists.length,
  };
}

function factsOf(head: Head, lists: readonly { readonly uids: readonly Uid[] }[]): HeadFacts {
  const type = head.op === 'is' ? head.entity_type : undefined;
  const inside = head.op === 'is' ? head.in : head;
  if (inside !== undefined && 'entity' in inside)
    return { type, uids: [bare(inside.entity)], exact: head.op === '==', whole: lists.length === 0 };
  const [list] = lists;
  return { type, uids: list?.uids.map(bare), exact: false, whole: lists.length <= 1 };
}

function actionsOf(head: PolicyJson['action']): readonly string[] | undefined {
  if (head.op === 'All') return undefined;
  const uids = 'entities' in head ? head.entities : ['entity' in head ? head.entity : undefined];
  return uids.flatMap((uid) => (uid === undefined ? [] : [bare(uid).id]));
}

type Head = PolicyJson['principal'] | PolicyJson['resource'];
type Uid = { readonly type: string; readonly id: string } | { readonly __entity: { type: string; id: string } };

function matches(head: Head, entity: ScopedEntity): boolean {
  switch (head.op) {
    case 'All':
      return true;
    case '==':
      return 'entity' in head && isSame(head.entity, entity);
    case 'in':
      return 'entity' in head && isIn(head.entity, entity);
    case 'is':
      if (head.entity_type !== entity.type) return false;
      return head.in === undefined || ('entity' in head.in && isIn(head.in.entity, entity));
  }
}

function matchesAction(head: PolicyJson['action'], action: string): boolean {
  const entity = { type: 'Action', id: action, ancestors: NONE };
  switch (head.op) {
    case 'All':
      return true;
    case '==':
      return 'entity' in head && isSame(head.entity, entity);
    case 'in':
      return 'entities' in head ? head.entities.some((one) => isIn(one, entity)) : isIn(head.entity, entity);
  }
}

const NONE: ReadonlySet<string> = new Set();

const bare = (uid: Uid) => ('__entity' in uid ? uid.__entity : uid);

function isSame(uid: Uid, { type, id }: ScopedEntity): boolean {
  const named = bare(uid);
  return named.type === type && named.id === id;
}

/** `in` of Cedar: the entity itself, or anything it is in. */
function isIn(uid: Uid, entity: ScopedEntity): boolean {
  return isSame(uid, entity) || entity.ancestors.has(uidText(bare(uid)));
}

/** As Cedar writes it, `User::"alice"`: two entities are one if and only if this is the same. */
export const uidText = ({ type, id }: { readonly type: string; readonly id: string }): string =>
  `${type}::${JSON.stringify(id)}`;
