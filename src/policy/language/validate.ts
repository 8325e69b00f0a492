/**
 * Whether rules say something that can ever be decided: names and types against the schema, with the arguments of
 * the tools that a rule is about and the time zones that it reads.
 */
import type { ArgumentType } from '#contract';
import { didYouMean } from '#kernel';
import { isTimeZone, WALL_CLOCK_FIELDS } from '../facts/time.ts';
import type { CedarLibrary } from './cedar.ts';
import { problemOf, type PolicyProblem, type Rule } from './rule.ts';
import { isAboutResource, type ScopedEntity } from './scope.ts';

/** A tool as rules are checked against it. */
export interface ValidatedTool {
  readonly entity: ScopedEntity;
  readonly namespace: string;
  readonly arguments: Readonly<Record<string, ArgumentType>>;
}

export interface RuleProblem extends PolicyProblem {
  readonly rule: string;
  /** It is about an argument, and so about the tools that there are: others may settle it. */
  readonly ofArgument?: true;
}

/** Everything that is wrong with any of them. `schema`: the text of `schema.cedarschema`. */
export function validateRules(
  cedar: CedarLibrary,
  schema: string,
  rules: readonly Rule[],
  tools: readonly ValidatedTool[],
): readonly RuleProblem[] {
  const typed = rules.map((rule) => ({ rule, ...typesOf(rule, tools) }));
  const problems = typed.flatMap(({ rule, problems: found }) =>
    found.map((problem) => ({ ...problem, rule: rule.id })),
  );
  // Rules that look at the same arguments and clocks are checked together: a schema takes longer than a rule.
  const alike = Map.groupBy(
    typed.filter((one) => one.problems.length === 0),
    ({ args, zones }) => JSON.stringify([args, zones]),
  );
  for (const group of alike.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const answer = cedar.validate({
      schema: schemaWith(cedar, schema, first.args, first.zones) as never,
      // As text, so that what is wrong has a place in it.
      policies: { staticPolicies: Object.fromEntries(group.map(({ rule }) => [rule.id, rule.text])) },
    });
    if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('; '));
    const starts = new Map(group.map(({ rule }) => [rule.id, rule.start]));
    for (const { policyId, error } of answer.validationErrors)
      problems.push({ ...moved(problemOf(error), starts.get(policyId) ?? 0), rule: policyId });
  }
  return onceForAllActions(problems);
}

/** Offsets are of the text of the policy, of which a rule is a part. */
const moved = ({ message, start, end }: PolicyProblem, by: number): PolicyProblem => ({
  message,
  start: start === undefined ? by : start + by,
  end: end === undefined ? undefined : end + by,
});

/** What is wrong for one action is mostly so for all, and is told once. */
function onceForAllActions(problems: readonly RuleProblem[]): readonly RuleProblem[] {
  const alike = (one: RuleProblem) => JSON.stringify([one.rule, one.start, one.message.replace(/Action::"\w+"/, '')]);
  return [...new Map(problems.toReversed().map((one) => [alike(one), one])).values()].toReversed();
}

type CedarType = Readonly<Record<string, unknown>>;

interface Types {
  readonly args: Readonly<Record<string, CedarType>>;
  readonly zones: readonly string[];
  readonly problems: readonly Omit<RuleProblem, 'rule'>[];
}

function typesOf(rule: Rule, tools: readonly ValidatedTool[]): Types {
  const problems: Omit<RuleProblem, 'rule'>[] = [];
  const about = rule.reads.args.length === 0 ? [] : toolsOf(rule, tools);
  const args: Record<string, CedarType> = {};
  for (const name of rule.reads.args) {
    const having = about.flatMap((tool) =>
      Object.hasOwn(tool.arguments, name) ? [tool.arguments[name] as ArgumentType] : [],
    );
    const types = new Map(having.map(cedarType).map((type) => [JSON.stringify(type), type]));
    const [type, other] = [...types.values()];
    if (types.size === 0) {
      const names = about.flatMap((tool) => Object.keys(tool.arguments));
      problems.push({
        ...placeOf(rule, name),
        ofArgument: true,
        message: `no tool that the policy is about has an argument \`${name}\`${didYouMean(name, names)}`,
      });
    } else if (type === undefined || other !== undefined) {
      problems.push({
        ...placeOf(rule, name),
        ofArgument: true,
        message:
          types.size === 1
            ? `\`args.${name}\` has no type that a policy can look at`
            : `\`args.${name}\` is of different types at the tools that the policy is about; name one tool`,
      });
    } else {
      args[name] = type;
    }
  }
  const zones = [...new Set(rule.reads.clocks.map((clock) => clock.split(' ')[0] as string))];
  for (const zone of zones) {
    if (!isTimeZone(zone))
      problems.push({ ...placeOf(rule, zone), message: `there is no time zone \`${zone}\`; one is \`Europe/Zurich\`` });
  }
  return { args, zones, problems };
}

/** Where a name is first spoken of, as near as that can be told without reading Cedar. */
function placeOf({ text, start }: Rule, name: string): Pick<PolicyProblem, 'start' | 'end'> {
  const found = /context/.exec(text)?.index ?? 0;
  const at = text.indexOf(name, found);
  return at === -1 ? { start } : { start: start + at, end: start + at + name.length };
}

/** The tools that the head of the rule leaves over, whoever acts. */
const toolsOf = (rule: Rule, tools: readonly ValidatedTool[]): readonly ValidatedTool[] =>
  tools.filter(({ entity, namespace }) => isAboutResource(rule, entity, namespace));

/** Undefined for what Cedar has no type for. */
function cedarType(type: ArgumentType): CedarType | undefined {
  switch (type.type) {
    case 'string':
      return { type: 'String' };
    case 'boolean':
      return { type: 'Boolean' };
    case 'integer':
      return { type: 'Long' };
    case 'float':
      return { type: 'Extension', name: 'decimal' };
    case 'array': {
      const element = type.items && cedarType(type.items);
      return element && { type: 'Set', element };
    }
    case 'map':
      // Members have no names that a schema could know.
      return undefined;
  }
}

function schemaWith(
  cedar: CedarLibrary,
  text: string,
  args: Types['args'],
  zones: readonly string[],
): Readonly<Record<string, unknown>> {
  const parsed = cedar.schemaToJson(text);
  if (parsed.type === 'failure') throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  const schema = structuredClone(parsed.json) as unknown as Record<string, unknown>;
  const { commonTypes } = schema[''] as { commonTypes: { Circumstances: { attributes: Record<string, unknown> } } };
  const { attributes } = commonTypes.Circumstances;
  const optional = (types: Readonly<Record<string, CedarType>>) =>
    Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { ...type, required: false }]));
  attributes['args'] = { type: 'Record', attributes: optional(args) };
  const clock = {
    type: 'Record',
    attributes: Object.fromEntries(WALL_CLOCK_FIELDS.map((field) => [field, { type: 'Long' }])),
  };
  attributes['time'] = { type: 'Record', attributes: Object.fromEntries(zones.map((zone) => [zone, clock])) };
  return schema;
}
