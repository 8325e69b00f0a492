import { reveal, type Secret } from '#kernel';
import type { ToolArguments } from '../../tools/tool-type.ts';
import { valueText } from './value-text.ts';

/**
 * Adds the source's parameters and the caller's to a query. A list becomes one entry per item; what
 * the caller left out is left out; what the tool declares replaces a parameter of the source.
 */
export function addQuery(
  query: URLSearchParams,
  fixed: Readonly<Record<string, Secret>>,
  parameters: readonly string[],
  args: ToolArguments,
): void {
  for (const [name, value] of Object.entries(fixed)) {
    if (!parameters.includes(name) || args[name] === undefined || args[name] === null)
      query.append(name, reveal(value));
  }
  for (const name of parameters) {
    const value = args[name];
    for (const item of Array.isArray(value) ? value : [value]) {
      const text = valueText(name, item);
      if (text !== undefined) query.append(name, text);
    }
  }
}
