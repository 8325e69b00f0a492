/**
 * A form as it is kept: names of tools, toolsets, sources, servers and groups with their namespace, numbers with
 * their type, and nothing said that holds anyway. Pure.
 */
import { EVERYWHERE, POLICY_ACTIONS, type FormParameter, type PolicyForm } from '#contract';
import { err, ok, type Result } from '#kernel';
import type { ValidatedTool } from '../language/validate.ts';
import { USUAL_ACTIONS } from './compile.ts';
import { DEFAULT_ZONE } from './hours.ts';

const NAMED = ['tools', 'toolsets', 'sources', 'servers', 'groups'] as const;

/** The error names the field whose names cannot be told apart without a namespace. */
export function qualified(
  form: PolicyForm,
  { namespace, tools }: { readonly namespace: string; readonly tools: readonly ValidatedTool[] },
): Result<PolicyForm, string> {
  const { actions, timeZone, parameters, ...rest } = form;
  const named: Record<string, readonly string[]> = {};
  for (const field of NAMED) {
    const names = form[field];
    if (names === undefined) continue;
    const bare = names.find((name) => !/[/#]/.test(name));
    if (bare !== undefined && namespace === EVERYWHERE)
      return err(`\`${field}\`: which \`${bare}\` is meant? A policy of no namespace says \`namespace/${bare}\``);
    named[field] = names.map((name) => (/[/#]/.test(name) ? name : `${namespace}/${name}`));
  }
  const said = actions && POLICY_ACTIONS.filter((action) => actions.includes(action));
  const usual = form.effect === 'permit' ? USUAL_ACTIONS : POLICY_ACTIONS;
  const about = tools.filter(({ entity }) => named['tools']?.includes(entity.id) ?? true);
  return ok({
    ...rest,
    ...named,
    ...(said !== undefined && said.join() !== usual.join() && { actions: said }),
    ...(timeZone !== undefined && timeZone !== DEFAULT_ZONE && { timeZone }),
    ...(parameters && {
      parameters: Object.fromEntries(Object.entries(parameters).map(([name, one]) => [name, typed(one, name, about)])),
    }),
  });
}

/** A number is compared as what the tools declare: of 100 nobody can tell whether it is meant as a decimal. */
function typed(parameter: FormParameter, name: string, tools: readonly ValidatedTool[]): FormParameter {
  const { type, min, max } = parameter;
  if (type !== undefined || (min === undefined && max === undefined)) return parameter;
  const declared = tools.map((tool) => (Object.hasOwn(tool.arguments, name) ? tool.arguments[name]?.type : undefined));
  const whole = [min ?? 0, max ?? 0].every(Number.isSafeInteger);
  return { type: declared.includes('float') || !whole ? 'float' : 'integer', ...parameter };
}
