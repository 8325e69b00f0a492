import { safeLength } from './pattern-cost.ts';
import { testWithinTime } from './pattern-guard.ts';
import { readPattern } from './pattern-syntax.ts';

/**
 * The pattern of a JSON Schema, which is found anywhere in a text: at once where that is sure to be quick, else under
 * the time limit of the budget that began last (`startPatternBudget`). What is not found in time is not there. Throws
 * `SyntaxError` as a regular expression does.
 */
export function guardedPattern(source: string, flags: string): { test(text: string): boolean; toString(): string } {
  const regex = new RegExp(source, flags);
  const length = lengthOf(source);
  return {
    test: (text) => (text.length <= length ? regex.test(text) : testWithinTime(regex, text)),
    // By this ajv tells patterns apart.
    toString: () => regex.toString(),
  };
}

function lengthOf(source: string): number {
  try {
    return safeLength(readPattern(source));
  } catch {
    // ECMAScript that the analysis does not know.
    return 0;
  }
}
