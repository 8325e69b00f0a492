/**
 * Days and hours as a condition, and back. A range past midnight belongs to the day that it begins on: Friday's
 * night ends on Saturday. Whole hours are compared as hours, so that a decision is remembered for an hour.
 */
import { WEEKDAYS, type PolicyForm, type Weekday } from '#contract';
import type { Line } from './line.ts';

type Times = Pick<PolicyForm, 'days' | 'hours' | 'timeZone'>;

export const DEFAULT_ZONE = 'UTC';

/** Undefined where nothing is said of time. */
export function timeCondition({ days, hours, timeZone = DEFAULT_ZONE }: Times): string | undefined {
  if (days === undefined && hours === undefined) return undefined;
  const clock = `context.time[${JSON.stringify(timeZone)}]`;
  const on = (shift: number): readonly string[] => (days === undefined ? [] : [onDays(clock, days, shift)]);
  if (hours === undefined) return on(0).join('');
  return hours.flatMap((range) => withinHours(clock, range, on)).join(' || ');
}

const onDays = (clock: string, days: readonly Weekday[], shift: number): string =>
  `[${days.map((day) => ((WEEKDAYS.indexOf(day) + shift) % 7) + 1).join(', ')}].contains(${clock}.weekday)`;

function withinHours(clock: string, range: string, on: (shift: number) => readonly string[]): readonly string[] {
  const [from, until] = [minutesOf(range.slice(0, 5)), minutesOf(range.slice(6))];
  const whole = from % 60 === 0 && until % 60 === 0;
  const time = whole ? `${clock}.hour` : `${clock}.hour * 60 + ${clock}.minute`;
  const [first, last] = whole ? [from / 60, until / 60] : [from, until];
  const [begins, ends] = [`${time} >= ${first}`, `${time} < ${last}`];
  if (until < from) return [[...on(0), begins].join(' && '), [...on(1), ends].join(' && ')];
  return [[...on(0), begins, ...(until === 24 * 60 ? [] : [ends])].join(' && ')];
}

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

/** What a condition that `timeCondition` made says; of any other it says something that makes another one. */
export function readTimes(line: Line): Times {
  const [zone = ''] = line.all(/context\.time\[("\d+")\]/g) as readonly string[];
  const alternatives = line.text.split(' || ');
  const days = /^\[([\d, ]+)\]\.contains/.exec(line.text)?.[1]?.split(', ');
  const hours: string[] = [];
  for (let at = 0; at < alternatives.length; at++) {
    const from = boundOf(alternatives[at], '>=');
    if (from === undefined) continue;
    const own = boundOf(alternatives[at], '<');
    const next = boundOf(alternatives[at + 1], '>=') === undefined ? boundOf(alternatives[at + 1], '<') : undefined;
    hours.push(`${from}-${own ?? next ?? '24:00'}`);
  }
  return {
    ...(days && { days: days.map((day) => WEEKDAYS[Number(day) - 1] as Weekday) }),
    ...(hours.length > 0 && { hours }),
    ...(zone !== DEFAULT_ZONE && { timeZone: zone }),
  };
}

function boundOf(alternative: string | undefined, operator: '<' | '>='): string | undefined {
  const number = new RegExp(` ${operator} (\\d+)(?: |$)`).exec(alternative ?? '')?.[1];
  if (number === undefined) return undefined;
  const minutes = Number(number) * (alternative?.includes('.minute') === true ? 1 : 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
