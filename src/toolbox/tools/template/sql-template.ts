/**
 * A statement with placeholders, compiled for one dialect. Rendering changes no letter outside the
 * placeholders, and what it puts in their place is decided when the configuration is read.
 */
import type { ParameterDeclaration } from '#contract';
import { didYouMean } from '#kernel';
import type { SqlDialect } from '../../sources/source.ts';
import { ConfigurationFault, type ToolArguments } from '../tool-type.ts';
import { compileSlot } from './slot.ts';
import type { Slot } from './slot-context.ts';
import { sqlPositions } from './sql-position.ts';
import { parseTemplate, type Placeholder, type Template } from './template-syntax.ts';
import { unsafeSlot } from './unsafe-slot.ts';

export interface SqlTemplate {
  /** The text, where it has no placeholders and is the same on every call. */
  readonly fixed: string | undefined;
  readonly warnings: readonly string[];
  /** The statement for checked arguments; throws `TEMPLATE_VALUE_REFUSED`. */
  render(args: ToolArguments): string;
}

export interface SqlTemplateOptions {
  readonly templateParameters: readonly ParameterDeclaration[];
  /** Bound parameters, to tell an author who mixes the two up. */
  readonly parameters: readonly ParameterDeclaration[];
  readonly dialect: SqlDialect;
  /** Inserts text as it comes, as MCP Toolbox does. */
  readonly unsafe: boolean;
  /** Where the statement stands in its document. */
  readonly path: readonly (string | number)[];
}

/** Compiles a statement; throws `ConfigurationFault`. */
export function compileSqlTemplate(text: string, options: SqlTemplateOptions): SqlTemplate {
  const { templateParameters, path } = options;
  // `'{{1,2},{3,4}}'` is an array of arrays in PostgreSQL; without template parameters braces are text.
  const template =
    templateParameters.length === 0 && !/\{\{[\s-]*[./\p{L}]/u.test(text)
      ? [text]
      : parseTemplate(text, ['array'], path);
  const placeholders = template.filter((part) => typeof part !== 'string');
  for (const placeholder of placeholders) checkDeclared(placeholder, options);
  if (placeholders.length === 0) {
    return { fixed: text, warnings: unusedWarnings(placeholders, templateParameters), render: () => text };
  }
  const slots = options.unsafe ? unsafeSlots(placeholders, options) : safeSlots(template, placeholders, options);
  return { fixed: undefined, warnings: warningsOf(placeholders, options), render: renderer(template, slots) };
}

function checkDeclared(
  { name, written }: Placeholder,
  { templateParameters, parameters, path }: SqlTemplateOptions,
): void {
  if (templateParameters.some((parameter) => parameter.name === name)) return;
  const bound = parameters.findIndex((parameter) => parameter.name === name);
  const names = templateParameters.map((parameter) => parameter.name);
  throw new ConfigurationFault(
    path,
    bound === -1
      ? `\`${written}\` names no template parameter${didYouMean(name, names)}`
      : `\`${written}\` names a bound parameter; \`templateParameters\` stand in the text, \`parameters\` are bound`,
    bound === -1
      ? 'declare it under `templateParameters`'
      : `bind it with the placeholder of the database (number ${bound + 1} of the parameters), or move it to \`templateParameters\` if it is a name`,
  );
}

function safeSlots(template: Template, placeholders: readonly Placeholder[], options: SqlTemplateOptions): Slot[] {
  const positions = sqlPositions(template, options.dialect);
  return placeholders.map((placeholder, index) => {
    const [declaration, path] = declared(placeholder, options);
    return compileSlot({
      placeholder,
      position: positions[index] as (typeof positions)[number],
      declaration,
      dialect: options.dialect,
      path,
      statementPath: options.path,
    });
  });
}

const unsafeSlots = (placeholders: readonly Placeholder[], options: SqlTemplateOptions): Slot[] =>
  placeholders.map((placeholder) => unsafeSlot(placeholder, declared(placeholder, options)[0], options.path));

function declared(
  { name }: Placeholder,
  { templateParameters }: SqlTemplateOptions,
): [ParameterDeclaration, (string | number)[]] {
  const index = templateParameters.findIndex((parameter) => parameter.name === name);
  return [templateParameters[index] as ParameterDeclaration, ['templateParameters', index]];
}

function renderer(template: Template, slots: readonly Slot[]): (args: ToolArguments) => string {
  let slot = 0;
  const parts = template.map((part) =>
    typeof part === 'string' ? part : { name: part.name, fill: slots[slot++] as Slot },
  );
  return (args) => {
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : part.fill(args[part.name]);
    return text;
  };
}

function warningsOf(placeholders: readonly Placeholder[], options: SqlTemplateOptions): string[] {
  const warnings = unusedWarnings(placeholders, options.templateParameters);
  if (options.unsafe) {
    const names = placeholders.map(({ name }) => `\`${name}\``).join(', ');
    warnings.unshift(
      `\`unsafeTemplate: true\`: callers write SQL through ${names}; anything the source's user may do, they may do`,
    );
    return warnings;
  }
  for (const parameter of options.templateParameters) {
    const item = parameter.items ?? parameter;
    const limited = [item, parameter].some((entry) => entry.allowedValues ?? entry.enum ?? entry.pattern);
    if (item.type === 'string' && !limited) {
      warnings.push(
        `template parameter \`${parameter.name}\` accepts every name that the source's user may read; list \`allowedValues\``,
      );
    }
  }
  return warnings;
}

const unusedWarnings = (
  placeholders: readonly Placeholder[],
  templateParameters: readonly ParameterDeclaration[],
): string[] =>
  templateParameters
    .filter((parameter) => !placeholders.some(({ name }) => name === parameter.name))
    .map((parameter) => `template parameter \`${parameter.name}\` stands nowhere in the statement`);
