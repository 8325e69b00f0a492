import { sunDay, type Place, type SunDay } from './sun-day.ts';
import type { ZoneClock } from './zone-clock.ts';

/** A date and the sun on it. */
export interface DatedSun {
  readonly date: string;
  readonly sun: SunDay;
}

/** A year of the sun at one place. */
export interface SunYear {
  /** The 15th of every month. */
  readonly months: readonly DatedSun[];
  readonly longest: DatedSun;
  readonly shortest: DatedSun;
  /** Days on which the sun does not set, and on which it does not rise. */
  readonly polarDays: number;
  readonly polarNights: number;
}

/** Every day of a year, looked at once. */
export function sunYear(year: number, place: Place, clock: ZoneClock | undefined): SunYear {
  const days = datesOf(year).map((date) => ({ date, sun: sunDay(date, place, clock) }));
  const by = (better: (a: number, b: number) => boolean) =>
    days.reduce((best, day) => (better(day.sun.dayLengthMinutes, best.sun.dayLengthMinutes) ? day : best));
  return {
    months: days.filter(({ date }) => date.endsWith('-15')),
    longest: by((a, b) => a > b),
    shortest: by((a, b) => a < b),
    polarDays: days.filter(({ sun }) => sun.condition === 'polar_day').length,
    polarNights: days.filter(({ sun }) => sun.condition === 'polar_night').length,
  };
}

function datesOf(year: number): string[] {
  const dates: string[] = [];
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += 86_400_000) {
    dates.push(new Date(day).toISOString().slice(0, 10));
  }
  return dates;
}
