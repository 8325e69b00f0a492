import { hourAngleAt, skyPosition, solarCoordinates } from './solar-position.ts';
import type { ZoneClock } from './zone-clock.ts';

/** A point on Earth in degrees, north and east positive. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** How far from the zenith the sun's centre stands: at sunrise 34′ of refraction and 16′ of its disc below the horizon. */
export const ZENITHS = { sun: 90.833, civil: 96, nautical: 102, astronomical: 108 } as const;

/** A pair of instants in milliseconds, undefined where the sun does not pass that height. */
export interface Crossing {
  readonly rise: number | undefined;
  readonly set: number | undefined;
}

/** One day of the sun at one place, from solar midnight to solar midnight. */
export interface SunDay {
  readonly noon: number;
  /** Degrees above the horizon at noon. */
  readonly noonElevation: number;
  readonly sun: Crossing;
  readonly civil: Crossing;
  readonly nautical: Crossing;
  readonly astronomical: Crossing;
  readonly condition: 'rises_and_sets' | 'polar_day' | 'polar_night';
  /** From 0 to 1440, with fractions. */
  readonly dayLengthMinutes: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * The sun on a calendar date (`2026-06-21`) at a place. The date is the one that the clock shows at
 * solar noon; without a clock, the one of the place's own solar time.
 */
export function sunDay(date: string, place: Place, clock: ZoneClock | undefined): SunDay {
  const noon = solarNoon(Date.parse(`${date}T00:00Z`), date, place.longitude, clock);
  const crossings = {
    sun: crossing(noon, place, ZENITHS.sun),
    civil: crossing(noon, place, ZENITHS.civil),
    nautical: crossing(noon, place, ZENITHS.nautical),
    astronomical: crossing(noon, place, ZENITHS.astronomical),
  };
  const noonElevation = skyPosition(noon, place.latitude, place.longitude).apparentElevation;
  return { noon, noonElevation, ...crossings, ...lengthOf(noon, place, crossings.sun) };
}

function solarNoon(midnight: number, date: string, longitude: number, clock: ZoneClock | undefined): number {
  const noon = transit(midnight, longitude);
  if (clock === undefined) return noon;
  // Kiribati's clocks are a day ahead of its sun: take the noon that falls on the date asked for.
  const shown = clock.dateOf(noon);
  if (shown === date) return noon;
  return transit(midnight + (shown < date ? DAY : -DAY), longitude);
}

/** The sun's highest point on the solar day whose mean noon lies in the 24 hours from `midnight`. */
function transit(midnight: number, longitude: number): number {
  const mean = midnight + (720 - 4 * longitude) * MINUTE;
  const first = mean - solarCoordinates(mean).equationOfTime * MINUTE;
  return mean - solarCoordinates(first).equationOfTime * MINUTE;
}

function crossing(noon: number, place: Place, zenith: number): Crossing {
  return { rise: pass(noon, place, zenith, -1), set: pass(noon, place, zenith, 1) };
}

/**
 * When the sun stands at `zenith` before (-1) or after (1) noon. The declination changes during the day,
 * so the estimate is repeated with the sun of the hour it gave. Where the sun does not come as far,
 * noon or midnight stand in until the last round decides: on the edge of polar day one estimate may fail.
 */
function pass(noon: number, { latitude }: Place, zenith: number, side: -1 | 1): number | undefined {
  const mean = noon + solarCoordinates(noon).equationOfTime * MINUTE;
  let instant = noon;
  let reached = true;
  for (let round = 0; round < 5; round++) {
    const { declination, equationOfTime } = solarCoordinates(instant);
    const angle = hourAngleAt(zenith, latitude, declination);
    reached = typeof angle === 'number';
    const degrees = typeof angle === 'number' ? angle : angle === 'above' ? 180 : 0;
    instant = mean + (side * 4 * degrees - equationOfTime) * MINUTE;
  }
  return reached ? instant : undefined;
}

function lengthOf(noon: number, place: Place, { rise, set }: Crossing): Pick<SunDay, 'condition' | 'dayLengthMinutes'> {
  if (rise !== undefined && set !== undefined) {
    return { condition: 'rises_and_sets', dayLengthMinutes: (set - rise) / MINUTE };
  }
  const { declination } = solarCoordinates(noon);
  const up = hourAngleAt(ZENITHS.sun, place.latitude, declination) !== 'below';
  if (!up) return { condition: 'polar_night', dayLengthMinutes: 0 };
  // On the first and last days of a polar day the sun crosses the horizon once: the other end is midnight.
  const half = 12 * 60 * MINUTE;
  const length = ((set ?? noon + half) - (rise ?? noon - half)) / MINUTE;
  return { condition: 'polar_day', dayLengthMinutes: Math.min(1440, length) };
}
