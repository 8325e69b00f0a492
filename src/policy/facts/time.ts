/** What a clock on the wall of a time zone says. Pure. */

export interface WallClock {
  readonly hour: number;
  readonly minute: number;
  /** 1 is Monday, 7 is Sunday (ISO 8601). */
  readonly weekday: number;
  readonly day: number;
  readonly month: number;
  readonly year: number;
}

export const WALL_CLOCK_FIELDS = ['hour', 'minute', 'weekday', 'day', 'month', 'year'] as const;

const formats = new Map<string, Intl.DateTimeFormat | undefined>();
/** There are some 600 zones; names that are none are not to fill the memory. */
const MOST_FORMATS = 1000;

/** Undefined for a zone that there is not. */
export function wallClock(at: number, zone: string): WallClock | undefined {
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const number = (type: string): number => Number(parts.get(type as 'hour'));
  const [year, month, day] = [number('year'), number('month'), number('day')];
  // The day of the week of a date, whatever zone it was read in.
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7;
  return { hour: number('hour'), minute: number('minute'), weekday, day, month, year };
}

export const isTimeZone = (zone: string): boolean => formatOf(zone) !== undefined;

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(zone)) return formats.get(zone);
  if (formats.size >= MOST_FORMATS) formats.clear();
  const format = make(zone);
  formats.set(zone, format);
  return format;
}

function make(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
    });
  } catch {
    return undefined;
  }
}
