/** What answers of a steady load say of a fault. Pure: samples in, verdicts out. */
import { goal, holds, none, timely, type Verdict } from './trial.ts';

export interface Answer {
  /** 0 where there was no answer. */
  readonly status: number;
  /** How the answer named its reason, or why there was none. */
  readonly code: string | undefined;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

export interface Sample extends Answer {
  /** When it was sent, by `performance.now()`. */
  readonly at: number;
  readonly ms: number;
}

const isGood = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** The value below which so large a share lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A statistic of the answers, for people: `41 × 503 AUDIT_UNAVAILABLE, 2 × 200`. */
export function counted(answers: readonly Answer[]): string {
  const groups = Map.groupBy(answers, ({ status, code }) => (code === undefined ? `${status}` : `${status} ${code}`));
  const named = [...groups].toSorted(([, one], [, other]) => other.length - one.length);
  return named.map(([name, group]) => `${group.length} × ${name}`).join(', ') || 'nothing';
}

/**
 * While something is away, whoever cannot be served is told so, when to come again, and soon: by `withinMs` in any case,
 * and by `wishedMs` if it can be.
 */
export function judgeRefusals(
  what: string,
  samples: readonly Sample[],
  withinMs: number,
  wishedMs = withinMs,
): readonly Verdict[] {
  const refused = samples.filter((sample) => !isGood(sample));
  const wrong = refused.filter(({ status, retryAfter }) => status !== 503 || !/^[1-9]\d*$/.test(retryAfter ?? ''));
  const slowest = Math.round(Math.max(0, ...samples.map(({ ms }) => ms)));
  return [
    holds(`${what}: there was a fault at all`, refused.length > 0, counted(samples)),
    none(`${what}: refused otherwise than by 503 with Retry-After`, wrong.map(named)),
    timely(
      `${what}: everybody is answered within ${withinMs} ms`,
      samples.length > 0 && slowest <= withinMs,
      `${slowest} ms at most`,
    ),
    ...(wishedMs === withinMs
      ? []
      : [goal(holds(`${what}: and within ${wishedMs} ms`, slowest <= wishedMs, `${slowest} ms at most`))]),
  ];
}

/** From when on everybody is served again; what was on its way when the fault ended counts with it. */
export function judgeRecovery(
  what: string,
  samples: readonly Sample[],
  mendedAt: number,
  withinMs: number,
): readonly Verdict[] {
  const after = samples.filter(({ at }) => at >= mendedAt);
  const failed = after.filter((sample) => !isGood(sample));
  const last = failed.reduce((latest, { at, ms }) => Math.max(latest, at + ms), mendedAt);
  const goodAfterwards = after.filter(({ at }) => at > last).length;
  return [
    timely(
      `${what}: served again within ${withinMs} ms`,
      last - mendedAt <= withinMs && goodAfterwards > 0,
      `after ${Math.round(last - mendedAt)} ms, ${goodAfterwards} answers since`,
    ),
  ];
}

export interface Tolerance {
  /** How many times as long as before. */
  readonly factor: number;
  /** At least so many milliseconds more: below that the machine's other work is all there is to see. */
  readonly leastMs: number;
}

/** Of a hundred one may be slower than the p99 of before; on cores that others use as well, three. */
const SLOW_SHARE = 0.03;
/** A call waits for a processor and for a disk several times, where a neighbour's caller waits for a processor once. */
const WAITS = 3;

/** What was seen before and during a fault. */
export interface Around {
  readonly before: readonly Sample[];
  readonly during: readonly Sample[];
}

/**
 * Nobody fails, and hardly anybody waits longer than the p99 of before times the factor. By the count of those who do
 * and not by a second p99, which one pause of a shared machine decides; and where the callers of a neighbour, which no
 * fault reaches, wait longer than before as well, that share of it is the machine's doing.
 */
export function judgeKept(
  what: string,
  { before, during }: Around,
  tolerance: Tolerance,
  neighbour: Around = { before: [], during: [] },
): readonly Verdict[] {
  const { p99, limit, slow } = slowed({ before, during }, tolerance);
  const noise = neighbour.during.length === 0 ? 0 : slowed(neighbour, tolerance).slow / neighbour.during.length;
  const most = Math.max(1, Math.floor(during.length * Math.min(1, SLOW_SHARE + WAITS * noise)));
  const now = quantile(
    during.map(({ ms }) => ms),
    0.99,
  );
  return [
    none(
      `${what}: failed, of ${before.length} before and ${during.length} meanwhile`,
      failures([...before, ...during]),
    ),
    timely(
      `${what}: slower than ${Math.round(limit)} ms, at most ${most} of ${during.length}`,
      before.length > 0 && during.length > 0 && slow <= most,
      `${slow}; p99 before ${p99.toFixed(1)} ms, meanwhile ${now.toFixed(1)} ms; of a neighbour ${(100 * noise).toFixed(1)} %`,
    ),
  ];
}

function slowed(
  { before, during }: Around,
  { factor, leastMs }: Tolerance,
): { p99: number; limit: number; slow: number } {
  const p99 = quantile(
    before.map(({ ms }) => ms),
    0.99,
  );
  const limit = Math.max(p99 * factor, p99 + leastMs);
  return { p99, limit, slow: during.filter(({ ms }) => !(ms <= limit)).length };
}

/** Nobody fails. */
export const judgeServed = (what: string, samples: readonly Sample[]): Verdict =>
  samples.length === 0
    ? holds(`${what}: somebody was served`, false, 'nobody asked')
    : none(`${what}: failed, of ${samples.length}`, failures(samples));

/** What somebody was answered whose right ended at a moment. */
export interface Removal {
  readonly removedAt: number;
  readonly samples: readonly Sample[];
}

/** Nobody fails before, and afterwards everybody is refused within the time; what was on its way may be either. */
export function judgeRemoval(what: string, removals: readonly Removal[], withinMs: number): readonly Verdict[] {
  const before = removals.flatMap(({ removedAt, samples }) => samples.filter(({ at, ms }) => at + ms < removedAt));
  const lasted = removals.map(({ removedAt, samples }) =>
    Math.max(0, ...samples.filter((one) => one.at > removedAt && isGood(one)).map(({ at, ms }) => at + ms - removedAt)),
  );
  const refused = removals.filter(({ removedAt, samples }) =>
    samples.some((one) => one.at > removedAt && !isGood(one)),
  );
  const longest = Math.round(Math.max(...lasted));
  return [
    judgeServed(`${what}, before it is removed`, before),
    holds(
      `${what}: refused within ${withinMs} ms of it`,
      refused.length === removals.length && longest <= withinMs,
      `after ${longest} ms at most, ${refused.length} of ${removals.length} times`,
    ),
  ];
}

/** Whatever is asked of something that is away grows no more than this. */
export function judgeTraffic(what: string, before: number, during: number, factor: number): Verdict {
  const seen = `${before.toFixed(1)} before, ${during.toFixed(1)} meanwhile`;
  return holds(`${what}: at most ${factor} times as much`, before > 0 && during <= before * factor, seen);
}

const failures = (samples: readonly Sample[]): readonly string[] => samples.filter((one) => !isGood(one)).map(named);

const named = ({ status, code, retryAfter, ms }: Sample): string =>
  `${status} ${code ?? ''} after ${Math.round(ms)} ms${retryAfter === undefined ? '' : `, Retry-After ${retryAfter}`}`;
