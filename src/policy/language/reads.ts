/**
 * What of the context a policy looks at: found in its expression, so that only that is worked out for a request,
 * and a decision is remembered by nothing else. Pure.
 */
import { err, ok, type Result } from '#kernel';
import type { Expr, PolicyJson } from './cedar.ts';
import { firstLists } from './scope.ts';

/** What of an entity a policy looks at: these attributes, or who or what it is and what it is in. */
export type EntityReads = readonly string[] | 'itself';

/** Each list is sorted and has nothing twice. */
export interface Reads {
  /** Fields of the context, such as `door`. */
  readonly fields: readonly string[];
  /** Arguments of the call, by name. */
  readonly args: readonly string[];
  /** What clocks say, each as `zone field`: `Europe/Zurich hour`. */
  readonly clocks: readonly string[];
  /** In its conditions; its head and the first ones that only list are looked at apart (`scope.ts`). */
  readonly principal: EntityReads;
  readonly resource: EntityReads;
}

/** The error says what cannot be looked at, since nobody could tell what of it counts. */
export function readsOf({ conditions }: Pick<PolicyJson, 'conditions'>): Result<Reads, string> {
  const paths: (readonly string[])[] = [];
  const entities = { principal: new Set<string>(), resource: new Set<string>() };
  let whole = false;

  function visit(node: unknown): void {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null || 'Value' in node) return;
    if ('Var' in node) {
      whole ||= node.Var === 'context';
      if (node.Var === 'principal' || node.Var === 'resource') entities[node.Var].add(ITSELF);
      return;
    }
    const path = pathOf(node as Expr);
    if (path === undefined) return Object.values(node).forEach(visit);
    const [variable, attribute, ...deeper] = path;
    if (variable === 'context') paths.push([attribute as string, ...deeper]);
    // Attributes of entities have no members that a policy could look at, but it may try.
    else entities[variable].add(attribute as string);
  }
  // What those say is known of every request that the rule is about (`scope.ts`).
  for (const { body } of conditions.slice(firstLists(conditions).length)) visit(body);
  if (whole) return err('`context` is looked at as a whole; name the fields that matter');
  for (const [first, second, third] of paths) {
    if (first === 'args' && second === undefined)
      return err('`context.args` is looked at as a whole; name the arguments that matter');
    if (first === 'time' && (second === undefined || third === undefined))
      return err('`context.time` is read by time zone and field: `context.time["Europe/Zurich"].hour`');
  }
  const of = (name: string) => paths.filter(([first]) => first === name);
  return ok({
    fields: sorted(paths.flatMap(([first]) => (first === 'args' || first === 'time' ? [] : [first as string]))),
    args: sorted(of('args').map(([, name]) => name as string)),
    clocks: sorted(of('time').map(([, zone, field]) => `${zone} ${field}`)),
    principal: entityReads(entities.principal),
    resource: entityReads(entities.resource),
  });
}

/** No attribute has an empty name. */
const ITSELF = '';

const entityReads = (read: ReadonlySet<string>): EntityReads => (read.has(ITSELF) ? 'itself' : sorted([...read]));

type Path = readonly ['context' | 'principal' | 'resource', ...string[]];

/** The path that an attribute or a test for one leads to, when it begins at a variable. */
function pathOf(node: Expr): Path | undefined {
  if ('.' in node) {
    const { left, attr } = node['.'] as { left: Expr; attr: string };
    const base = baseOf(left);
    return base && [...base, attr];
  }
  if ('has' in node) {
    const { left, attr } = node.has as { left: Expr; attr: string | readonly string[] };
    const base = baseOf(left);
    return base && [...base, ...(typeof attr === 'string' ? [attr] : attr)];
  }
  return undefined;
}

function baseOf(node: Expr): Path | undefined {
  if (!('Var' in node)) return '.' in node ? pathOf(node) : undefined;
  const { Var: variable } = node;
  return variable === 'context' || variable === 'principal' || variable === 'resource' ? [variable] : undefined;
}

/** What any of them looks at. */
export const readsOfAll = (all: readonly Reads[]): Reads => ({
  fields: sorted(all.flatMap(({ fields }) => fields)),
  args: sorted(all.flatMap(({ args }) => args)),
  clocks: sorted(all.flatMap(({ clocks }) => clocks)),
  principal: together(all.map(({ principal }) => principal)),
  resource: together(all.map(({ resource }) => resource)),
});

const together = (all: readonly EntityReads[]): EntityReads =>
  all.includes('itself') ? 'itself' : sorted(all.flatMap((reads) => reads as readonly string[]));

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].toSorted();
