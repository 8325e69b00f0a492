import type { Place } from './sun-day.ts';
import { zoneClock, type ZoneClock } from './zone-clock.ts';

/** A question the service cannot answer; the message is for the one who asked. */
export class BadQuestion extends Error {}

/** Where the question is about, and the clock its times are written in. */
export interface Asked {
  readonly place: Place;
  /** Undefined when no time zone was given: times in UTC, dates by the sun of the place. */
  readonly clock: ZoneClock | undefined;
}

/** The parameters every question has; throws `BadQuestion` for the first that is wrong. */
export function parseAsked(query: URLSearchParams): Asked {
  const zone = query.get('time_zone') ?? '';
  return {
    place: {
      latitude: parseDegrees(query, 'latitude', 90),
      longitude: parseDegrees(query, 'longitude', 180),
    },
    clock: zone === '' ? undefined : parseZone(zone),
  };
}

/** `2026-06-21`, or `today` at the place. */
export function parseDate(text: string, now: number, { place, clock }: Asked): string {
  if (text === 'today') {
    if (clock) return clock.dateOf(now);
    return new Date(now + place.longitude * 240_000).toISOString().slice(0, 10);
  }
  // Date.parse accepts February 30th and means March 2nd; only a date that comes back is one.
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00Z`) : Number.NaN;
  if (Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== text) {
    throw new BadQuestion(`\`${text}\` is not a date; write it like 2026-06-21, or \`today\``);
  }
  parseYear(text.slice(0, 4));
  return text;
}

/** A year for which the algorithm is good to a minute. */
export function parseYear(text: string): number {
  const year = /^\d{4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(year >= 1900 && year <= 2100)) throw new BadQuestion(`the year \`${text}\` is not between 1900 and 2100`);
  return year;
}

/** `2026-06-21T18:30:00Z` or any ISO 8601 time with an offset, or `now`. */
export function parseInstant(text: string, now: number): number {
  if (text === 'now') return now;
  const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) {
    throw new BadQuestion(`\`${text}\` is not a time; write it like 2026-06-21T18:30:00+02:00, or \`now\``);
  }
  parseYear(text.slice(0, 4));
  return instant;
}

function parseDegrees(query: URLSearchParams, name: string, limit: number): number {
  const text = query.get(name) ?? '';
  const degrees = text.trim() === '' ? Number.NaN : Number(text);
  if (!(Math.abs(degrees) <= limit)) {
    throw new BadQuestion(`${name} \`${text}\` is not a number of degrees from -${limit} to ${limit}`);
  }
  return degrees;
}

function parseZone(name: string): ZoneClock {
  try {
    return zoneClock(name);
  } catch (cause) {
    throw new BadQuestion(`\`${name}\` is not an IANA time zone; write it like Europe/Zurich`, { cause });
  }
}
