/** One JSON value as one line, for `--json`. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** A moment as people and scripts both read it, to the second, in UTC; null stays null. */
export function isoMoment(ms: number): string;
export function isoMoment(ms: number | null): string | null;
export function isoMoment(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** A moment as the API has it, to the second. */
export function toSeconds(moment: string): string;
export function toSeconds(moment: string | null): string | null;
export function toSeconds(moment: string | null): string | null {
  return moment === null ? null : moment.replace(/\.\d+Z$/, 'Z');
}

/** Columns under their headings, as wide as their widest cell, two spaces apart. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
