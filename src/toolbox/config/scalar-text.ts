import type { EnvironmentValue } from './origins.ts';
import { problemAt, type Problem, type ProblemCode } from './problems.ts';
import type { SourceText } from './source-text.ts';
import { isOneReference, substitute, type Environment } from './substitute.ts';

/** What is known while one file is read; both readers of YAML fill it. */
export interface FileReading {
  readonly source: SourceText;
  readonly environment: Environment;
  /** Offsets of the `${…}` references, ascending. */
  readonly references: readonly number[];
  readonly problems: Problem[];
  /** How many members and items the file may still hold. */
  items: number;
  /** How many values aliases may still repeat. */
  repeated: number;
}

/** Adds a problem at an offset of the file, unless the file has more of them than anybody reads. */
export function reportIn(file: FileReading, offset: number, code: ProblemCode, message: string, hint?: string): void {
  if (file.problems.length >= MOST_OF_A_FILE) return;
  file.problems.push(problemAt(file.source.place(offset), code, message, hint));
}

const MOST_OF_A_FILE = 1000;

export interface ScalarText {
  readonly text: string;
  readonly environment?: EnvironmentValue;
}

/**
 * The text of a scalar with its `${…}` filled, which stands from `start` to `end` of the file. `plain`
 * is false for quoted and block scalars. Unset variables are reported at the reference itself.
 */
export function readScalarText(
  file: FileReading,
  written: string,
  [start, end]: readonly [number, number],
  plain: boolean,
): ScalarText {
  const report = (offset: number, code: ProblemCode, message: string, hint: string) =>
    reportIn(file, offset, code, message, hint);
  if (!written.includes('${')) return { text: written };
  const filled = substitute(written, file.environment);
  if (filled.count === 0) return { text: written };
  if (filled.unset.length > 0) {
    const inside = referencesIn(file.references, start, end);
    const missed = new Set<string>();
    for (const { index, name, reason } of filled.unset) {
      // Once is enough for a scalar that asks for it ten thousand times.
      if (missed.has(name)) continue;
      missed.add(name);
      report(inside[index] ?? start, 'VARIABLE_UNSET', reason, 'Set it, or write a default: `${NAME:default}`.');
    }
  }
  const unset = filled.unset.length > 0;
  return { text: filled.text, environment: { written, plain: plain && isOneReference(written), unset } };
}

/** The offsets from `start` up to `end`, of ascending ones. */
function referencesIn(offsets: readonly number[], start: number, end: number): readonly number[] {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] as number) < start) low = middle + 1;
    else high = middle;
  }
  let after = low;
  while (after < offsets.length && (offsets[after] as number) < end) after++;
  return offsets.slice(low, after);
}
