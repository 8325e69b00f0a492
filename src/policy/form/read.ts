/**
 * The form of a Cedar text that the compiler made, found line by line; of any other text there is none. What was
 * found is compiled again and must be the text, to the letter: so nothing is ever left out, and no comment lost.
 */
import { POLICY_ACTIONS, policyForm, type PolicyForm } from '#contract';
import { compileForm, PRINCIPALS, RESOURCES, SIGNED_IN, USUAL_ACTIONS } from './compile.ts';
import { readTimes } from './hours.ts';
import { readParameter } from './parameters.ts';
import { Line } from './line.ts';

/** Longer ones are no form's: it is looked for on every showing of a policy. */
const LONGEST = 200_000;

/** Undefined for a text that no form compiles to. */
export function formOf(cedar: string): PolicyForm | undefined {
  if (cedar.length > LONGEST || !cedar.endsWith(';\n')) return undefined;
  try {
    const read = policyForm.safeParse(fieldsOf(cedar.slice(0, -2).split('\n')));
    return read.success && compileForm(read.data) === cedar ? read.data : undefined;
  } catch {
    // A text that is none of ours may break anything here.
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(lines: readonly string[]): Fields {
  const fields: Record<string, unknown> = {};
  const parameters: (readonly [string, unknown])[] = [];
  let everybody = true;
  for (const written of lines) {
    const said = /^when \{ (.*) \}$/.exec(written)?.[1];
    const line = new Line(said ?? written);
    const { text } = line;
    if (written.startsWith('@')) Object.assign(fields, annotation(line));
    else if (said === undefined) Object.assign(fields, head(line));
    else if (text.startsWith('context.args has ')) parameters.push(readParameter(line));
    else Object.assign(fields, condition(line));
    everybody &&= text !== SIGNED_IN && !text.startsWith('principal in ');
  }
  return {
    ...fields,
    ...(everybody && fields['effect'] === 'permit' && { everybody }),
    ...(parameters.length > 0 && { parameters: Object.fromEntries(parameters) }),
  };
}

function annotation(line: Line): Fields {
  const [, name = '', value] = /^@(\w+)(?:\((.*)\))?$/.exec(line.text) ?? [];
  const text = value === undefined ? undefined : (line.value(value) as string);
  switch (name) {
    case 'overridable':
      return { overridable: true };
    case 'approval':
      return { requireApproval: text ?? true };
    case 'limit':
      return { limits: text?.split('; ') };
    case 'scopes':
    case 'mask':
      return { [name]: text?.split(' ') };
    default:
      return { [name]: text };
  }
}

function head(line: Line): Fields {
  const [effect = ''] = line.text.split(' ');
  const named = line.all(/Action::("\d+")/g) as readonly string[];
  const actions = named.length === 0 ? POLICY_ACTIONS : named;
  const usual = effect === 'permit' ? USUAL_ACTIONS : POLICY_ACTIONS;
  return { effect, ...(actions.join() !== usual.join() && { actions }) };
}

function condition(line: Line): Fields {
  const { text } = line;
  if (text === SIGNED_IN) return {};
  if (text.startsWith('principal in [')) return lists(PRINCIPALS, line);
  if (text.startsWith('resource')) {
    const tags = /resource\.tags\.containsAny\((\[.*\])\)$/.exec(text)?.[1];
    return { ...lists(RESOURCES, line), ...(tags !== undefined && { tags: line.value(tags) }) };
  }
  if (text.startsWith('context has address')) return { addresses: line.all(/\(ip\(("\d+")\)\)/g) };
  if (text.startsWith('context has country'))
    return { countries: line.value(/&& (\[.*\])\.contains/.exec(text)?.[1] ?? '') };
  return { ...readTimes(line) };
}

function lists(types: Readonly<Record<string, string>>, line: Line): Fields {
  return Object.fromEntries(
    Object.entries(types).flatMap(([field, type]) => {
      const ids = line.all(new RegExp(`\\b${type}::("\\d+")`, 'g'));
      return ids.length === 0 ? [] : [[field, ids]];
    }),
  );
}
