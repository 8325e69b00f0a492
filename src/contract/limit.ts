/** How much somebody may do, as policies, documents and the API write it: `100 calls per 1h; 5 at once`. */
import { err, ok, parseDuration, type Result } from '#kernel';

/** `cost` is in units that tools name; what is `at once` is counted while it runs. */
export type LimitUnit = 'calls' | 'rows' | 'bytes' | 'cost' | 'at once';

export interface Limit {
  readonly most: number;
  readonly unit: LimitUnit;
  /** Of what happens over time; undefined for `at once`. */
  readonly everyMs: number | undefined;
}

// Fifteen digits stay exact as a number, and so does every sum that a counter comes to.
const LIMIT = /^(\d{1,15}) (?:(calls|rows|bytes|cost) per (\S+)|(at once))$/;

/** The limits of a text, parted by `;`. The error names the part that is none. */
export function parseLimits(text: string): Result<readonly Limit[], string> {
  const limits: Limit[] = [];
  for (const part of text.split(';').map((one) => one.trim())) {
    const [, most, unit, every, atOnce] = LIMIT.exec(part) ?? [];
    const everyMs = every === undefined ? undefined : parseDuration(every);
    if (most === undefined || (atOnce === undefined && (everyMs === undefined || everyMs <= 0)))
      return err(`\`${part}\` is not a limit such as \`100 calls per 1h\` or \`5 at once\``);
    limits.push({ most: Number(most), unit: (unit ?? 'at once') as LimitUnit, everyMs });
  }
  return ok(limits);
}
