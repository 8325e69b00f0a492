/** Patterns as Go reads them: RE2 knows neither what is ahead or behind nor what was found before. */
import { SchemaFault } from './schema-fault.ts';

const UNKNOWN_TO_GO: readonly [RegExp, string][] = [
  [/\(\?[=!]/, 'looks ahead'],
  [/\(\?<[=!]/, 'looks behind'],
  [/\\[1-9]|\\k</, 'refers back to a group'],
  [/\(\?<[A-Za-z]/, 'names a group as Go before 1.22 does not'],
  [/\\u|\\c[A-Z]/, 'writes characters as Go does not'],
];

/** The source of an expression without flags that would change its meaning. */
export function goPattern(pattern: RegExp, path: string): string {
  const { source, flags } = pattern;
  if (flags !== '' && flags !== 'u') throw new SchemaFault(path, `the pattern /${source}/${flags} has flags`);
  const fault = UNKNOWN_TO_GO.find(([sign]) => sign.test(source));
  if (fault !== undefined) throw new SchemaFault(path, `the pattern /${source}/ ${fault[1]}; Go cannot read it`);
  // Only a slash is escaped for the sake of the literal.
  return source.replaceAll('\\/', '/');
}
