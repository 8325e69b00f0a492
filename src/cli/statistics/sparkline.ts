const BARS = ' ▁▂▃▄▅▆▇█';

/** Counts as bars of a line of text: nothing is a space, and the largest is full. */
export function sparkline(counts: readonly number[]): string {
  const most = Math.max(0, ...counts);
  // Something is never as nothing, however small beside the largest.
  return counts.map((count) => BARS[most === 0 ? 0 : Math.ceil((count / most) * (BARS.length - 1))]).join('');
}
