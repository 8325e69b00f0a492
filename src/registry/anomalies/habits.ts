/**
 * What one caller usually does, while calls are held against it. It changes with every call, in place: a caller may
 * know hundreds of tools, and a call must not cost a copy of them. Pure but for that, and kept as a `Profile`.
 */
import {
  LIMITS,
  WEEK_HOURS,
  type AnomalyKind,
  type Finding,
  type Known,
  type ObservedCall,
  type Profile,
  type Sizes,
} from './profile.ts';

const HOUR_MS = 3_600_000;
/** 1970-01-01 was a Thursday. */
const MONDAY = 72;

const NOVELTIES = [
  ['tools', 'new_tool', 'tool'],
  ['addresses', 'new_address', 'address'],
  ['countries', 'new_country', 'country'],
  ['clients', 'new_client', 'client'],
] as const;
type Sort = (typeof NOVELTIES)[number][0];

type Changing<Of> = { -readonly [Name in keyof Of]: Of[Name] };
type Counts = Changing<Omit<Profile, 'foundNow' | 'hours' | Sort | 'novelties' | 'sizes'>>;

export class Habits {
  #counts: Counts;
  readonly #foundNow: Set<AnomalyKind>;
  readonly #hours: number[];
  /** Those that were not seen for longest come first. */
  readonly #known: Readonly<Record<Sort, Map<string, number>>>;
  readonly #novelties: Map<string, number>;
  readonly #sizes: Map<string, Changing<Sizes>>;

  constructor({ foundNow, hours, tools, addresses, countries, clients, novelties, sizes, ...counts }: Profile) {
    this.#counts = counts;
    this.#foundNow = new Set(foundNow);
    this.#hours = [...hours];
    this.#known = {
      ...{ tools: byAge(tools), addresses: byAge(addresses) },
      ...{ countries: byAge(countries), clients: byAge(clients) },
    };
    this.#novelties = new Map(Object.entries(novelties));
    this.#sizes = new Map(Object.entries(sizes).map(([tool, size]) => [tool, { ...size }]));
  }

  /** To be kept. */
  get profile(): Profile {
    const { tools, addresses, countries, clients } = this.#known;
    return {
      ...{ ...this.#counts, foundNow: [...this.#foundNow], hours: [...this.#hours] },
      ...{ tools: Object.fromEntries(tools), addresses: Object.fromEntries(addresses) },
      ...{ countries: Object.fromEntries(countries), clients: Object.fromEntries(clients) },
      ...{
        novelties: Object.fromEntries(this.#novelties),
        sizes: Object.fromEntries(Array.from(this.#sizes, ([tool, size]) => [tool, { ...size }])),
      },
    };
  }

  /** Takes the call in, and gives what was not usual about it. */
  observe(call: ObservedCall): readonly Finding[] {
    const day = Math.floor(call.at / (24 * HOUR_MS));
    const hour = Math.floor(call.at / HOUR_MS);
    const isSettled = this.#counts.calls >= LIMITS.calls && this.#counts.activeDays >= LIMITS.activeDays;
    const findings: Finding[] = [];
    const find = (finding: Finding | undefined): void => {
      if (finding === undefined || !isSettled || this.#foundNow.has(finding.kind)) return;
      findings.push(finding);
    };
    // By the first call of an hour alone: the hour is the same for the others. A clock that was set back turns none.
    if (hour > this.#counts.hour) {
      const unusual = this.#unusualHour(hour);
      this.#turn(hour, day);
      find(unusual);
    }
    const counts = this.#counts;
    counts.calls++;
    counts.calledNow++;
    if (call.denied) counts.deniedNow++;
    find(tooMany('volume', counts.calledNow, counts.called, LIMITS.leastVolume));
    if (call.denied) find(tooMany('denials', counts.deniedNow, counts.denied, LIMITS.leastDenials));
    find(tooLarge(this.#sizes.get(call.tool), call.size));
    this.#takeSize(call);
    for (const [sort, kind, field] of NOVELTIES) {
      const name = call[field];
      if (name !== undefined) find(this.#meet(sort, kind, name, { day, isSettled }));
    }
    for (const { kind } of findings) this.#foundNow.add(kind);
    return findings;
  }

  /** The next hour that something happens in. */
  #turn(hour: number, day: number): void {
    const { hour: before, lastDay, firstDay, activeDays, called, denied, calledNow, deniedNow } = this.#counts;
    const isNewDay = day !== lastDay;
    const halved = 2 ** (-(lastDay < 0 ? 0 : day - lastDay) / LIMITS.noveltyHalfLifeDays);
    this.#foundNow.clear();
    this.#counts = {
      ...this.#counts,
      ...{ hour, calledNow: 0, deniedNow: 0, lastDay: day },
      ...{ firstDay: lastDay < 0 ? day : firstDay, activeDays: activeDays + (isNewDay ? 1 : 0) },
      called: before < 0 ? called : pushed(called, calledNow),
      denied: before < 0 ? denied : pushed(denied, deniedNow),
    };
    const inWeek = weekHour(hour);
    this.#hours[inWeek] = Math.min(255, (this.#hours[inWeek] ?? 0) + 1);
    if (isNewDay) for (const [sort, count] of this.#novelties) this.#novelties.set(sort, count * halved);
  }

  #meet(
    sort: Sort,
    kind: AnomalyKind,
    name: string,
    { day, isSettled }: { readonly day: number; readonly isSettled: boolean },
  ): Finding | undefined {
    const known = this.#known[sort];
    const seenOn = known.get(name);
    if (seenOn === day) return undefined;
    const before = known.size;
    known.delete(name);
    known.set(name, day);
    if (seenOn !== undefined) return undefined;
    if (known.size > LIMITS.known[sort]) known.delete(known.keys().next().value as string);
    const lately = this.#novelties.get(sort) ?? 0;
    if (isSettled) this.#novelties.set(sort, lately + 1);
    // The first of its sort says nothing: the server may only have begun to look.
    if (before === 0 || lately >= LIMITS.noveltiesAllowed) return undefined;
    return { kind, seen: kind === 'new_tool' || kind === 'new_country' ? name : 'not seen before', usual: before };
  }

  /** Nothing was ever done near this hour on a day of its sort, by somebody whose hours are known. */
  #unusualHour(hour: number): Finding | undefined {
    if (this.#counts.activeDays < LIMITS.hourDays) return undefined;
    const inWeek = weekHour(hour);
    const ofDay = inWeek % 24;
    const isWeekend = inWeek >= 120;
    let seen = 0;
    for (let other = 0; other < WEEK_HOURS; other++) {
      if (other >= 120 !== isWeekend) continue;
      const apart = Math.abs((other % 24) - ofDay);
      if (Math.min(apart, 24 - apart) <= 1) seen += this.#hours[other] ?? 0;
    }
    return seen === 0
      ? { kind: 'unusual_hour', seen: `${isWeekend ? 'weekend' : 'weekday'} ${ofDay}:00 UTC`, usual: 'never' }
      : undefined;
  }

  /** Averages that forget: a tenth of what is new, more while there is little. */
  #takeSize({ tool, size }: ObservedCall): void {
    const before = this.#sizes.get(tool);
    const log = Math.log2(size + 1);
    if (before === undefined) {
      if (this.#sizes.size < LIMITS.sized) this.#sizes.set(tool, { count: 1, mean: log, deviation: 0 });
      return;
    }
    const part = Math.max(0.1, 1 / (before.count + 1));
    const distance = log - before.mean;
    // What is far off moves the average by no more than what is just far: or the second outlier would be usual.
    const held = Math.max(-LIMITS.leastGrowth, Math.min(LIMITS.leastGrowth, distance));
    before.count = Math.min(before.count + 1, 1000);
    before.mean += part * held;
    before.deviation += part * (Math.abs(held) - before.deviation);
  }
}

const byAge = (known: Known): Map<string, number> =>
  new Map(Object.entries(known).toSorted(([, one], [, other]) => one - other));

const weekHour = (hour: number): number => (hour + MONDAY) % WEEK_HOURS;

const pushed = (counts: readonly number[], count: number): readonly number[] => [
  ...counts.slice(-(LIMITS.busyHours - 1)),
  count,
];

function tooMany(
  kind: 'volume' | 'denials',
  now: number,
  before: readonly number[],
  least: number,
): Finding | undefined {
  // Most calls stop here, before anything is sorted.
  if (now < least || before.length === 0) return undefined;
  const usual = medianOf(before);
  const deviation = 1.4826 * medianOf(before.map((count) => Math.abs(count - usual)));
  // Counts wander by their root anyway; a caller who always does the same has no deviation of their own.
  const far = usual + LIMITS.deviations * Math.max(deviation, Math.sqrt(usual), 1);
  // Whoever does everything in one hour of six has a small median: their full hours are usual as well.
  const bound = Math.max(least, far, LIMITS.beyondFull * fullHour(before));
  return now > bound ? { kind, seen: now, usual } : undefined;
}

function tooLarge(sizes: Sizes | undefined, size: number): Finding | undefined {
  if (size < LIMITS.leastSize || sizes === undefined || sizes.count < LIMITS.leastSized) return undefined;
  const grown = Math.log2(size + 1) - sizes.mean;
  if (grown < Math.max(LIMITS.leastGrowth, LIMITS.deviations * sizes.deviation)) return undefined;
  return { kind: 'argument_size', seen: size, usual: Math.round(2 ** sizes.mean) };
}

/** What all but one in twenty hours stayed below. */
const fullHour = (counts: readonly number[]): number =>
  counts.toSorted((one, other) => one - other)[Math.ceil(counts.length * 0.95) - 1] ?? 0;

function medianOf(counts: readonly number[]): number {
  const sorted = counts.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
