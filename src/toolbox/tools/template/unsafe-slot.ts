/**
 * What `unsafeTemplate: true` brings back: MCP Toolbox's own way, text pasted into the statement. With
 * `escape` the text is wrapped in quotes and the quote inside it doubled, which is safe exactly where
 * the database reads those quotes that way.
 */
import type { ParameterDeclaration } from '#contract';
import type { JsonValue } from '#kernel';
import { toolboxError } from '../../errors.ts';
import { ConfigurationFault } from '../tool-type.ts';
import type { Slot } from './slot-context.ts';
import type { Placeholder } from './template-syntax.ts';

const QUOTES = {
  'single-quotes': ["'", "'"],
  'double-quotes': ['"', '"'],
  backticks: ['`', '`'],
  'square-brackets': ['[', ']'],
} as const;

/** A slot that takes any text. Throws `ConfigurationFault` where Toolbox would print Go's view of a value. */
export function unsafeSlot(
  placeholder: Placeholder,
  declaration: ParameterDeclaration,
  path: readonly (string | number)[],
): Slot {
  const { name, written } = placeholder;
  const list = placeholder.function === 'array';
  if (declaration.type === 'map' || (declaration.type === 'array') !== list) {
    throw new ConfigurationFault(
      path,
      `\`${written}\`: \`${name}\` is of type \`${declaration.type}\`; \`{{array .name}}\` takes arrays, \`{{.name}}\` everything else but maps`,
    );
  }
  const one = escaped(list ? declaration.items : declaration);
  return (value) => {
    if (value === undefined || value === null) {
      throw toolboxError('TEMPLATE_VALUE_REFUSED', `\`${name}\` is not given, and the statement cannot do without it`);
    }
    return Array.isArray(value) ? value.map((item) => one(textOf(item))).join(', ') : one(textOf(value));
  };
}

const textOf = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

function escaped(declaration: ParameterDeclaration | undefined): (text: string) => string {
  if (declaration?.escape === undefined) return (text) => text;
  const [open, close] = QUOTES[declaration.escape];
  return (text) => open + text.replaceAll(close, close + close) + close;
}
