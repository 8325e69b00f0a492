/**
 * What a caller usually does, as it is kept; what of a call is not like that is found by `habits.ts`.
 *
 * Counts of an hour are held against the median of the caller's own busy hours and the median of the distances from
 * it (MAD), so that one wild day does not become the measure. Novelties (tool, address block, client, country) count
 * only with callers who rarely show any: whoever tries something new every day is not unusual today. Nothing is found
 * before there is enough history to say what is usual.
 */
export const ANOMALY_KINDS = [
  'volume',
  'denials',
  'unusual_hour',
  'new_tool',
  'new_address',
  'new_country',
  'new_client',
  'argument_size',
] as const;
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

/** What alerts are about: what is not like a caller, and what no caller has any business with. */
export const ALERT_KINDS = [...ANOMALY_KINDS, 'decoy'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** A call, as far as it may be unusual. Names of places and clients are digests or words, never longer than short. */
export interface ObservedCall {
  readonly at: number;
  readonly tool: string;
  readonly denied: boolean;
  /** How large its arguments were, in characters, roughly. */
  readonly size: number;
  readonly address?: string | undefined;
  readonly country?: string | undefined;
  readonly client?: string | undefined;
}

export interface Finding {
  readonly kind: AnomalyKind;
  /** What was seen, and what was usual. */
  readonly seen: number | string;
  readonly usual: number | string;
}

/** Names and when each was last seen, in days; the oldest goes when there are too many. */
export type Known = Readonly<Record<string, number>>;

/** Sizes of arguments of one tool, as powers of two: their average, and their average distance from it. */
export interface Sizes {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
}

export interface Profile {
  readonly v: 1;
  readonly calls: number;
  readonly firstDay: number;
  readonly lastDay: number;
  readonly activeDays: number;
  /** The hour that runs: its number since 1970, and what was in it. */
  readonly hour: number;
  readonly calledNow: number;
  readonly deniedNow: number;
  /** Which kinds were found in it already. */
  readonly foundNow: readonly AnomalyKind[];
  /** What was in the busy hours before, the latest last. */
  readonly called: readonly number[];
  readonly denied: readonly number[];
  /** In how many weeks something was done in each hour of the week, Monday first, UTC; 255 at most. */
  readonly hours: readonly number[];
  readonly tools: Known;
  readonly addresses: Known;
  readonly countries: Known;
  readonly clients: Known;
  /** How many novelties of each sort there were since there was enough history: halves every three weeks. */
  readonly novelties: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, Sizes>>;
}

/** How much history it takes, how far is far, and how much is kept. */
export const LIMITS = {
  calls: 50,
  activeDays: 3,
  /** Of what goes by the hour of the week. */
  hourDays: 10,
  busyHours: 96,
  /** So many deviations of an hour. */
  deviations: 6,
  /** How much more than in the fullest hours, of which one in twenty may have been somebody else's. */
  beyondFull: 1.5,
  leastVolume: 30,
  leastDenials: 10,
  noveltyHalfLifeDays: 21,
  noveltiesAllowed: 0.5,
  known: { tools: 256, addresses: 64, countries: 32, clients: 32 },
  sized: 64,
  leastSized: 20,
  /** In powers of two: eight times as large as usual, at least. */
  leastGrowth: 3,
  leastSize: 8192,
} as const;

export const WEEK_HOURS = 168;

export const NEW_PROFILE: Profile = Object.freeze({
  ...{ v: 1, calls: 0, firstDay: 0, lastDay: -1, activeDays: 0, hour: -1, calledNow: 0, deniedNow: 0, foundNow: [] },
  ...{ called: [], denied: [], hours: Array.from({ length: WEEK_HOURS }, () => 0) },
  ...{ tools: {}, addresses: {}, countries: {}, clients: {}, novelties: {}, sizes: {} },
});

/** What two processes know of one caller: names of both, and the history of whoever has more. */
export function merged(one: Profile, other: Profile): Profile {
  const [more, less] = one.calls >= other.calls ? [one, other] : [other, one];
  const both = (sort: 'tools' | 'addresses' | 'countries' | 'clients'): Known =>
    Object.fromEntries(
      Object.entries({ ...less[sort], ...more[sort] })
        .map(([name, day]) => [name, Math.max(day, less[sort][name] ?? 0)] as const)
        .toSorted(([, left], [, right]) => right - left)
        .slice(0, LIMITS.known[sort]),
    );
  return {
    ...more,
    ...{ tools: both('tools'), addresses: both('addresses'), countries: both('countries'), clients: both('clients') },
    hours: more.hours.map((count, index) => Math.max(count, less.hours[index] ?? 0)),
    sizes: { ...less.sizes, ...more.sizes },
  };
}
