import type { ParameterDeclaration } from '#contract';
import { compileValueList } from '../parameters/index.ts';

/** The values that a declaration names: its lists, the two truth values, its examples. */
export function suggestedValues(declaration: ParameterDeclaration): readonly string[] {
  const values = new Set<unknown>();
  for (const field of ['enum', 'allowedValues'] as const) {
    for (const value of compileValueList(declaration, field, [])?.values ?? []) values.add(value);
  }
  if (declaration.type === 'boolean') values.add(true).add(false);
  for (const example of declaration.examples ?? []) values.add(example);
  const excluded = compileValueList(declaration, 'excludedValues', []);
  return [...values].filter((value) => excluded?.includes(value) !== true).map(String);
}

/** Those of the values that begin with what was typed, then those that hold it; case does not matter. */
export function completions(values: readonly string[], typed: string): readonly string[] {
  const sought = typed.toLowerCase();
  const found = values.filter((value) => value.toLowerCase().includes(sought));
  const begins = (value: string) => value.toLowerCase().startsWith(sought);
  return [...found.filter(begins), ...found.filter((value) => !begins(value))];
}
