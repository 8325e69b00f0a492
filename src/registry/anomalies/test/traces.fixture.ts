/** Weeks of callers as they are, and what is done in the name of some of them that is not theirs. Seeded. */
import type { AnomalyKind, ObservedCall } from '../profile.ts';

export interface LabelledCall extends ObservedCall {
  readonly principal: string;
  /** What it is part of, where it is none of the caller's own doing. */
  readonly attack?: AnomalyKind | undefined;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONDAY = Date.parse('2026-09-07T00:00:00Z');

/** Mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Knuth: how often something happens that happens `mean` times on average. */
function poisson(random: () => number, mean: number): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(random)));
  let [count, product] = [0, random()];
  for (const bound = Math.exp(-mean); product > bound; product *= random()) count++;
  return count;
}

const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** What a caller does in an hour of the week, on average. */
type Rhythm = (day: number, hour: number) => number;

const office: Rhythm = (day, hour) => (day < 5 && hour >= 8 && hour < 17 ? 9 : 0);
const steady: Rhythm = () => 10;
const nightly: Rhythm = (_day, hour) => (hour === 2 ? 60 : 0);
const bursts: Rhythm = (_day, hour) => (hour % 6 === 0 ? 40 : 2);

interface Nature {
  readonly rhythm: Rhythm;
  readonly tools: number;
  readonly denials: number;
  /** How often it comes from elsewhere, by day. */
  readonly travels: number;
}

const NATURES: readonly Nature[] = [
  { rhythm: office, tools: 6, denials: 0.01, travels: 0.003 },
  { rhythm: steady, tools: 4, denials: 0.005, travels: 0 },
  { rhythm: nightly, tools: 2, denials: 0, travels: 0 },
  { rhythm: bursts, tools: 8, denials: 0.03, travels: 0.001 },
  { rhythm: (day, hour) => office(day, hour) / 3, tools: 10, denials: 0.05, travels: 0.01 },
];

export interface TraceOptions {
  readonly seed: number;
  readonly callers: number;
  readonly weeks: number;
}

/** By time. The attacks are all in the last week, one with each caller, and every kind of them. */
export function labelledTrace(
  { seed, callers, weeks }: TraceOptions,
  kinds: readonly AnomalyKind[],
): readonly LabelledCall[] {
  const random = randomOf(seed);
  const calls: LabelledCall[] = [];
  for (let caller = 0; caller < callers; caller++) {
    const nature = NATURES[caller % NATURES.length] as Nature;
    const own = ownCalls(`caller-${caller}`, nature, weeks, random);
    calls.push(...own, ...attack(kinds[caller % kinds.length] as AnomalyKind, nature, own, weeks, random));
  }
  return calls.toSorted((one, other) => one.at - other.at);
}

function ownCalls(principal: string, nature: Nature, weeks: number, random: () => number): LabelledCall[] {
  const calls: LabelledCall[] = [];
  for (let day = 0; day < weeks * 7; day++) {
    const elsewhere = random() < nature.travels ? `net-${principal}-${day}` : undefined;
    for (let hour = 0; hour < 24; hour++) {
      const many = poisson(random, nature.rhythm(day % 7, hour));
      for (let index = 0; index < many; index++) {
        const tool = `tool-${Math.floor(random() ** 2 * nature.tools)}`;
        calls.push({
          ...{ principal, tool, at: MONDAY + day * DAY + hour * HOUR + Math.floor(random() * HOUR) },
          denied: random() < nature.denials,
          size: Math.round(2 ** (7 + gaussian(random))),
          ...{ address: elsewhere ?? `home-${principal}`, client: `client-${principal}`, country: 'CH' },
        });
      }
    }
  }
  return calls;
}

function attack(
  kind: AnomalyKind,
  { rhythm }: Nature,
  own: readonly LabelledCall[],
  weeks: number,
  random: () => number,
): readonly LabelledCall[] {
  const week = (weeks - 1) * 7 * DAY;
  // At an hour in which the caller is there as well.
  const busy = own.filter(({ at }) => at >= MONDAY + week + DAY && at < MONDAY + week + 4 * DAY);
  const beside = busy[Math.floor(random() * busy.length)] as LabelledCall;
  const at = (minutes: number): number => Math.floor(beside.at / HOUR) * HOUR + Math.floor(minutes * 60_000);
  const like = (more: Partial<LabelledCall>): LabelledCall => ({ ...beside, denied: false, attack: kind, ...more });
  const many = (count: number, more: Partial<LabelledCall>): LabelledCall[] =>
    Array.from({ length: count }, () => like({ at: at(random() * 59), ...more }));
  switch (kind) {
    case 'volume': {
      const usual = rhythm(new Date(beside.at).getUTCDay(), new Date(beside.at).getUTCHours());
      return many(Math.round(150 + 6 * usual), {});
    }
    case 'denials':
      return many(60, { denied: true });
    case 'unusual_hour':
      return unusualMoment(own, random).map((moment) => like({ at: moment }));
    case 'new_tool':
      return many(3, { tool: 'export_everything' });
    case 'new_address':
      return many(3, { address: 'net-of-a-stranger' });
    case 'new_country':
      return many(3, { country: 'XX' });
    case 'new_client':
      return many(3, { client: 'another program' });
    case 'argument_size':
      return many(2, { size: 60_000 });
  }
}

/** In a night of the last week in which the caller never did anything; nothing where there is none. */
function unusualMoment(own: readonly LabelledCall[], random: () => number): readonly number[] {
  const last = Math.floor(((own.at(-1) as LabelledCall).at - MONDAY) / (7 * DAY)) * 7 * DAY + MONDAY;
  const hours = new Set(own.map(({ at }) => new Date(at).getUTCHours()));
  const free = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) =>
    [-1, 0, 1].every((by) => !hours.has((hour + by + 24) % 24)),
  );
  const hour = free[Math.floor(random() * free.length)];
  return hour === undefined ? [] : [0, 1, 2].map((minute) => last + 2 * DAY + hour * HOUR + minute * 60_000);
}
