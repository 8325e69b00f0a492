import type { ParameterDeclaration, FieldPath } from '#contract';
import { compileParameters, placed, type PlacedDeclaration } from '../parameters/index.ts';
import { ConfigurationFault } from '../tools/tool-type.ts';
import type { AnyDeclaration } from './declarations.ts';
import { problemAt, suggest, type Problem } from './problems.ts';

type WithParameters = AnyDeclaration & {
  readonly parameters?: readonly ParameterDeclaration[];
  readonly templateParameters?: readonly ParameterDeclaration[];
  readonly arguments?: readonly ParameterDeclaration[];
  readonly fields?: unknown;
};

/**
 * Checks all parameters of a tool or prompt together: one name each, copies of parameters that exist,
 * patterns that are some, and defaults and examples that pass their own rules.
 */
export function checkParameterLists(from: WithParameters): Problem[] {
  const problems: Problem[] = [];
  const all = [
    ...placed('parameters', from.parameters ?? []),
    ...placed('templateParameters', from.templateParameters ?? []),
    ...placed('arguments', from.arguments ?? []),
    ...listsOfType(from.fields),
  ];
  const byName = new Map<string, ParameterDeclaration>();
  for (const { declaration, path } of all) {
    const report = (at: FieldPath, message: string) =>
      problems.push(problemAt(from.locate([...path, ...at]), 'CONTRADICTION', message));
    if (byName.has(declaration.name)) report(['name'], `another parameter is called \`${declaration.name}\` already`);
    else byName.set(declaration.name, declaration);
    if (RULED.some((field) => declaration[field] !== undefined)) checkAlone(from, { declaration, path }, problems);
  }
  for (const { declaration, path } of all) {
    const { name, type, valueFromParam: copied } = declaration;
    if (copied === undefined) continue;
    const original = byName.get(copied);
    const at = from.locate([...path, 'valueFromParam']);
    const others = [...byName.keys()].filter((other) => other !== name);
    if (original === undefined || copied === name) {
      problems.push(
        problemAt(
          at,
          'NAME_UNKNOWN',
          `no other parameter is called \`${copied}\`${suggest(copied, others, 'other parameters')}`,
        ),
      );
    } else if (original.valueFromParam !== undefined) {
      problems.push(
        problemAt(at, 'CONTRADICTION', `\`${copied}\` is a copy itself; copy \`${original.valueFromParam}\``),
      );
    } else if (original.type !== type && !(original.type === 'integer' && type === 'float')) {
      problems.push(
        problemAt(
          at,
          'CONTRADICTION',
          `\`${copied}\` is of type \`${original.type}\`, and a copy of type \`${type}\` would never fit`,
        ),
      );
    }
  }
  return problems;
}

// Only these can be at odds with the rest of their declaration.
const RULED = ['default', 'examples', 'enum', 'allowedValues', 'excludedValues', 'pattern', 'items'] as const;

/** What one declaration says by itself: the compiler that will check calls is asked, each in turn. */
function checkAlone(from: AnyDeclaration, { declaration, path }: PlacedDeclaration, problems: Problem[]): void {
  const { valueFromParam: _, ...alone } = declaration;
  try {
    compileParameters([{ declaration: alone, path }]);
  } catch (fault) {
    if (!(fault instanceof ConfigurationFault)) throw fault;
    problems.push(problemAt(from.locate(fault.path), 'FIELD_WRONG', fault.message, fault.hint));
  }
}

/** `pathParams`, `queryParams`, `bodyParams`, `headerParams`: lists that a tool type has beside. */
function listsOfType(fields: unknown): PlacedDeclaration[] {
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields).flatMap(([field, list]) =>
    field.endsWith('Params') && Array.isArray(list) ? placed(field, list.filter(isDeclaration)) : [],
  );
}

function isDeclaration(value: unknown): value is ParameterDeclaration {
  return typeof value === 'object' && value !== null && 'name' in value && 'type' in value && 'description' in value;
}
