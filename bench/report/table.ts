import type { Table } from '../scenarios/scenario.ts';

/** A table as aligned columns: the first to the left, figures to the right. */
export function printed({ title, header, rows }: Table): string {
  const widths = header.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [title, line(header), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}
