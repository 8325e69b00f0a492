/** Who calls and what is called, as entities of the schema. Pure. */
import { rolesIn, type CalledTool, type Principal, type ToolOrigin } from '#contract';
import { sha256Hex } from '#kernel';
import type { EntityJson } from '../language/cedar.ts';
import { uidText, type ScopedEntity } from '../language/scope.ts';
import type { CedarValue } from './values.ts';

/** An entity with everything that it is in, as Cedar takes it. */
export interface Entity extends ScopedEntity {
  /** Itself and its ancestors. */
  readonly entities: readonly EntityJson[];
  readonly attributes: Readonly<Record<string, CedarValue>>;
  /** What decisions about it are remembered by: another one where anything about it is other. */
  readonly key: string;
}

/** A tool, as far as policies look at it. */
export interface ToolFacts {
  readonly namespace: string;
  readonly name: string;
  /** What is called, such as `sqlite-sql`. */
  readonly kind: string;
  readonly origin: ToolOrigin;
  readonly source?: string | undefined;
  readonly server?: string | undefined;
  readonly toolsets: readonly string[];
  readonly tags: readonly string[];
  readonly scopes: readonly string[];
  readonly readOnly: boolean;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly openWorld: boolean;
}

/** A tool as policies look at it, with what MCP takes for granted where it is annotated as nothing. */
export const toolFacts = (tool: CalledTool, toolsets: readonly string[]): ToolFacts => ({
  ...{ namespace: tool.namespace, name: tool.name, kind: tool.type, origin: tool.origin },
  ...{ source: tool.source, server: tool.server, toolsets, tags: tool.tags, scopes: tool.scopesRequired },
  readOnly: tool.annotations.readOnlyHint ?? false,
  destructive: tool.annotations.destructiveHint ?? true,
  idempotent: tool.annotations.idempotentHint ?? false,
  openWorld: tool.annotations.openWorldHint ?? true,
});

interface Uid {
  readonly type: string;
  readonly id: string;
}

/** `namespace/name`: what is called alike in two namespaces is two entities. */
const within = (namespace: string, name: string): string => `${namespace}/${name}`;

/**
 * The caller in a namespace, with the roles that hold there. Subjects of two issuers are two people, whatever
 * they are called: the id is `issuer#subject`, and the subject alone for ours.
 */
export function principalEntity(principal: Principal, namespace: string): Entity {
  const { kind, iss, sub, name, groups } = principal;
  if (kind === 'anonymous') {
    const parent = { type: 'Namespace', id: namespace };
    return entityOf({ type: 'Anonymous', id: 'anonymous' }, {}, [parent]);
  }
  const type = kind === 'user' ? 'User' : 'Agent';
  const id = iss === 'chatelaine' ? sub : `${iss}#${sub}`;
  const parents = [
    ...groups.map((group) => ({ type: 'Group', id: group })),
    ...rolesIn(principal, namespace).map((role) => ({ type: 'Role', id: role })),
    { type: 'Namespace', id: principal.namespace },
  ];
  return entityOf({ type, id }, { name, issuer: iss }, parents);
}

export function toolEntity(tool: ToolFacts): Entity {
  const { namespace, name, source, server } = tool;
  const of = (type: string, names: readonly (string | undefined)[]): Uid[] =>
    names.flatMap((one) => (one === undefined ? [] : [{ type, id: within(namespace, one) }]));
  const groups = [...of('Toolset', tool.toolsets), ...of('Source', [source]), ...of('Server', [server])];
  const attributes = {
    ...{ name, kind: tool.kind, origin: tool.origin, tags: [...tool.tags], scopes: [...tool.scopes] },
    ...{ readOnly: tool.readOnly, destructive: tool.destructive },
    ...{ idempotent: tool.idempotent, openWorld: tool.openWorld },
  };
  const home = { type: 'Namespace', id: namespace };
  return entityOf({ type: 'Tool', id: within(namespace, name) }, attributes, [...groups, home], home);
}

/** `home`: what the parents other than itself are in. */
function entityOf(uid: Uid, attrs: Record<string, CedarValue>, parents: readonly Uid[], home?: Uid): Entity {
  const above = parents.map((parent): EntityJson => {
    const isHome = home === undefined || uidText(parent) === uidText(home);
    return { uid: parent, attrs: {}, parents: isHome ? [] : [home] };
  });
  const own: EntityJson = { uid, attrs, parents: [...parents] };
  const ancestors = new Set(parents.map(uidText));
  return { ...uid, ancestors, attributes: attrs, entities: [own, ...above], key: entityKey(uid, attrs, ancestors) };
}

/**
 * Tells an entity from every other, and from itself where anything about it is other. 128 bits: it stands in every
 * record of a call, and in every key of a decision.
 */
export const entityKey = (uid: Uid, attrs: Readonly<Record<string, unknown>>, ancestors: ReadonlySet<string>): string =>
  sha256Hex(JSON.stringify([uidText(uid), attrs, [...ancestors].toSorted()])).slice(0, 32);
