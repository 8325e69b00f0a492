/**
 * What becomes of a shared count when a process asks for permits. Pure, and the same in memory and in the
 * database; `redis-script.ts` says it in Lua, and one suite holds both to it.
 *
 * A process takes permits in blocks, so that most calls ask nobody, and gives back what it does not use. What
 * is lent counts as taken: the sum never exceeds the limit, whatever becomes of who holds a block. Blocks are a
 * part of what is left (guided self-scheduling: Polychronopoulos and Kuck, 1987), so near the limit they are
 * single permits.
 */

/** A count as it is kept. */
export interface Counted {
  /** Over time: permits used or lent. At once: what all holders have. */
  readonly taken: number;
  readonly holders: Readonly<Record<string, Lease>>;
}

export interface Lease {
  readonly lent: number;
  /** From then on nobody waits for what is lent. Milliseconds. */
  readonly until: number;
}

/** What a process asks of one count. */
export interface Ask {
  readonly key: string;
  readonly most: number;
  /** The end of the window; undefined of what is counted while it runs. */
  readonly endsAt: number | undefined;
  /** Permits of its block that it did not use. */
  readonly unused: number;
  /** What was used without a permit: rows and bytes, which are known afterwards. */
  readonly charge: number;
  /** What it needs now; of what runs, all that it has running besides. */
  readonly need: number;
  /** What it would use soon. */
  readonly spare: number;
  /** For so long it keeps, at most, what it does not use up. Milliseconds. */
  readonly keep: number;
}

export interface Granted {
  /** Permits that it has from now on, in the place of those it had. */
  readonly granted: number;
  /** With what it was granted. */
  readonly taken: number;
  /** What others hold of it; some may come back. */
  readonly elsewhere: number;
}

/** For so long a block is lent beyond the time it is kept, and a running call is believed to run, without word from its process. */
export const LEASE_MS = { overTime: 1500, atOnce: 15_000 } as const;
/** A block is kept for so long, however few permits are left. */
export const LEAST_KEPT_MS = 500;
/** More than all processes together let in by one count in a millisecond. */
export const FASTEST_PER_MS = 100;
/** A block is so small a part of what is left. */
const PART = 8;

/**
 * How long a process keeps a block that it does not use up: for as long as the others would need to use up all the
 * rest, since nobody lacks it before. So where limits are far, who calls now and then does not ask for every call.
 */
export const keptFor = (left: number, most: number): number =>
  Math.max(LEAST_KEPT_MS, Math.min(most, Math.floor(left / FASTEST_PER_MS)));

export function settle(
  before: Counted | undefined,
  ask: Ask,
  holder: string,
  now: number,
): { readonly after: Counted; readonly granted: Granted } {
  const others = Object.entries(before?.holders ?? {}).filter(([name, { until }]) => name !== holder && until > now);
  const elsewhere = others.reduce((sum, [, { lent }]) => sum + lent, 0);
  const isAtOnce = ask.endsAt === undefined;
  const taken = isAtOnce ? elsewhere : Math.max(0, (before?.taken ?? 0) - ask.unused + ask.charge);
  const left = Math.max(0, ask.most - taken);
  const granted = Math.min(left, ask.need + Math.min(ask.spare, Math.floor(left / PART)));
  const rest = ask.most - taken - granted;
  const until = now + (isAtOnce ? LEASE_MS.atOnce : LEASE_MS.overTime + keptFor(rest, ask.keep));
  return {
    after: {
      taken: taken + granted,
      holders: Object.fromEntries([...others, ...(granted === 0 ? [] : [[holder, { lent: granted, until }] as const])]),
    },
    granted: { granted, taken: taken + granted, elsewhere },
  };
}
