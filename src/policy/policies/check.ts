/**
 * Whether a policy may be kept: Cedar, annotations, names and types against the schema and against the arguments of
 * the tools that there are. And what deserves a look all the same: names that nobody has, rules that never decide.
 */
import { ROLES } from '#contract';
import { didYouMean } from '#kernel';
import type { CedarLibrary, Expr } from '../language/cedar.ts';
import { readRules, type PolicyProblem, type PolicySource, type Rule } from '../language/rule.ts';
import { policySchemaText } from '../language/schema.ts';
import { validateRules, type RuleProblem, type ValidatedTool } from '../language/validate.ts';
import { deadRules } from './dead-rules.ts';
import { placeIn, type TextPlace } from './place.ts';

/** What there is, as far as the process knows. */
export interface Surroundings {
  /** Undefined where no toolbox is open: a command on a data directory. */
  readonly tools: readonly ValidatedTool[] | undefined;
  /**
   * There are tools that come and go on their own. What a rule says of arguments is then no problem of the policy:
   * it is told apart, and where it does not fit, the rule errs and so denies.
   */
  readonly toolsChange?: boolean | undefined;
  /** Groups of our own, `namespace/name`; undefined where nobody asked. */
  readonly groups: readonly string[] | undefined;
  /** Of the other policies in force. */
  readonly others: readonly Rule[];
  readonly now: number;
}

/** Names that rules may have; undefined where nobody asked. */
export interface KnownNames extends Pick<Surroundings, 'tools' | 'groups'> {
  /** Ids of our own users and agents. */
  readonly principals?: { readonly users: readonly string[]; readonly agents: readonly string[] } | undefined;
  readonly tags?: readonly string[] | undefined;
}

export interface PolicyFinding extends Partial<TextPlace> {
  /** Of the policy, `namespace/name#2`. */
  readonly rule?: string;
  readonly message: string;
  /** In characters of the text. */
  readonly start?: number;
}

export interface CheckedPolicy {
  /** Undefined where there are problems. */
  readonly rules: readonly Rule[] | undefined;
  readonly problems: readonly PolicyFinding[];
  readonly warnings: readonly PolicyFinding[];
  /** What does not fit the arguments of the tools that there are now; only where tools come and go. */
  readonly unsettled: readonly PolicyFinding[];
}

/** Of a policy that may not be kept. */
export const REFUSED = { rules: undefined, warnings: [], unsettled: [] } as const;

export function checkPolicy(cedar: CedarLibrary, source: PolicySource, around: Surroundings): CheckedPolicy {
  const read = readRules(cedar, source);
  const found = (problem: PolicyProblem & { readonly rule?: string }): PolicyFinding => ({
    message: problem.message,
    ...(problem.rule !== undefined && { rule: problem.rule }),
    ...(problem.start !== undefined && { start: problem.start, ...placeIn(source.cedar, problem.start) }),
  });
  if (!read.ok) return { ...REFUSED, problems: read.error.map(found) };
  const rules = read.value;
  const { tools } = around;
  // Without tools nobody knows what arguments they take; everything else can be told.
  const checked = tools === undefined ? rules.filter(({ reads }) => reads.args.length === 0) : rules;
  const all = validateRules(cedar, policySchemaText(), checked, tools ?? []);
  const isTold = ({ ofArgument }: RuleProblem): boolean => around.toolsChange === true && ofArgument === true;
  const problems = all.filter((one) => !isTold(one)).map(found);
  if (problems.length > 0) return { ...REFUSED, problems };
  return {
    rules,
    problems: [],
    unsettled: all.map(found),
    warnings: [
      ...(checked.length < rules.length
        ? [
            {
              message:
                'it looks at arguments, which could not be checked: no tools are known here, a server knows them',
            },
          ]
        : []),
      ...rules.flatMap((rule) => unknownNames(rule, around)),
      ...deadRules(rules, around.others, around.now).map(({ rule, because }) => ({
        rule: rule.id,
        message: `the rule can never match: ${because}`,
      })),
    ],
  };
}

/** What the rule names, and nobody and nothing is called. */
export function unknownNames(rule: Rule, known: KnownNames): readonly PolicyFinding[] {
  const tags = tagsOf(rule).map((id) => ({ type: 'Tag', id }));
  const named = new Map([...entitiesOf(rule), ...tags].map((uid) => [`${uid.type} ${uid.id}`, uid]));
  return [...named.values()].flatMap(({ type, id }): PolicyFinding[] => {
    const candidates = candidatesFor(type, id, known);
    if (candidates === undefined || candidates.includes(id)) return [];
    return [{ rule: rule.id, message: `there is no ${WORDS[type] ?? type} \`${id}\`${didYouMean(id, candidates)}` }];
  });
}

const WORDS: Readonly<Record<string, string>> = {
  ...{ Role: 'role', Group: 'group', Tool: 'tool', Toolset: 'toolset', Source: 'source', Server: 'server' },
  ...{ User: 'user', Agent: 'agent', Tag: 'tag' },
};

/** What could have been meant; undefined where nobody here knows. */
function candidatesFor(
  type: string,
  id: string,
  { tools, groups, principals, tags }: KnownNames,
): readonly string[] | undefined {
  switch (type) {
    case 'Role':
      return ROLES;
    case 'User':
    case 'Agent':
      // Whom other issuers vouch for is known where they come.
      return id.includes('#') ? undefined : type === 'User' ? principals?.users : principals?.agents;
    case 'Tag':
      return tags;
    case 'Group':
      // Groups of identity providers come with whoever signs in.
      return id.includes('#') ? undefined : groups;
    case 'Tool':
      return tools?.map(({ entity }) => entity.id);
    case 'Toolset':
    case 'Source':
    case 'Server': {
      const begin = `${type}::"`;
      const ancestors = tools?.flatMap(({ entity }) => [...entity.ancestors].filter((uid) => uid.startsWith(begin)));
      return ancestors && [...new Set(ancestors)].map((uid) => JSON.parse(uid.slice(type.length + 2)) as string);
    }
    default:
      return undefined;
  }
}

interface Uid {
  readonly type: string;
  readonly id: string;
}

/** Tags that the conditions of a rule look for: `resource.tags.contains("…")`, and of several. */
function tagsOf({ json }: Rule): readonly string[] {
  const found: string[] = [];
  function visit(node: unknown): void {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    const asked = Object.entries(node).find(([operator]) => operator.startsWith('contains'))?.[1] as
      | { readonly left?: unknown; readonly right?: unknown }
      | undefined;
    if (asked !== undefined && isTags(asked.left)) found.push(...textsIn(asked.right));
    Object.values(node).forEach(visit);
  }
  visit(json.conditions);
  return found;
}

const isTags = (node: unknown): boolean =>
  JSON.stringify(node) === JSON.stringify({ '.': { left: { Var: 'resource' }, attr: 'tags' } });

function textsIn(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('Value' in node) return typeof node.Value === 'string' ? [node.Value] : [];
  return 'Set' in node && Array.isArray(node.Set) ? node.Set.flatMap(textsIn) : [];
}

/** Every entity that stands anywhere in a rule. */
function entitiesOf({ json }: Rule): readonly Uid[] {
  const found: Uid[] = [];
  function visit(node: unknown): void {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    const { __entity: entity = node } = node as { readonly __entity?: object };
    if ('type' in entity && 'id' in entity && typeof entity.type === 'string' && typeof entity.id === 'string')
      found.push({ type: entity.type, id: entity.id });
    else Object.values(node as Expr).forEach(visit);
  }
  visit([json.principal, json.resource, json.conditions]);
  return found;
}
