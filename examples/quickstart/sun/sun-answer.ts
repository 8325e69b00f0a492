/** The answers of the sun service: field names and units as the tools' descriptions promise them. */
import { skyPosition } from './solar-position.ts';
import { sunDay, ZENITHS, type SunDay } from './sun-day.ts';
import type { Asked } from './sun-request.ts';
import { sunYear, type DatedSun } from './sun-year.ts';
import { zoneClock, type ZoneClock } from './zone-clock.ts';

const UTC = zoneClock('UTC');

/** One day in full. */
export function answerDay(date: string, { place, clock }: Asked) {
  const day = sunDay(date, place, clock);
  const shown = clock ?? UTC;
  const write = (instant: number | undefined) => (instant === undefined ? null : shown.write(instant));
  return {
    date,
    ...place,
    time_zone: shown.zone,
    ...lengthOf(day),
    sunrise: write(day.sun.rise),
    solar_noon: write(day.noon),
    sunset: write(day.sun.set),
    noon_elevation_degrees: rounded(day.noonElevation),
    civil_dawn: write(day.civil.rise),
    civil_dusk: write(day.civil.set),
    nautical_dawn: write(day.nautical.rise),
    nautical_dusk: write(day.nautical.set),
    astronomical_dawn: write(day.astronomical.rise),
    astronomical_dusk: write(day.astronomical.set),
  };
}

/** The middle of every month, and the extremes. */
export function answerYear(year: number, { place, clock }: Asked) {
  const { months, longest, shortest, polarDays, polarNights } = sunYear(year, place, clock);
  const shown = clock ?? UTC;
  return {
    year,
    ...place,
    time_zone: shown.zone,
    longest_day: { date: longest.date, ...lengthOf(longest.sun) },
    shortest_day: { date: shortest.date, ...lengthOf(shortest.sun) },
    polar_day_count: polarDays,
    polar_night_count: polarNights,
    months: months.map((day) => month(day, shown)),
  };
}

/** The sky at one instant. */
export function answerSky(instant: number, { place, clock }: Asked) {
  const { elevation, apparentElevation, azimuth } = skyPosition(instant, place.latitude, place.longitude);
  const shown = clock ?? UTC;
  return {
    time: shown.write(instant),
    ...place,
    time_zone: shown.zone,
    elevation_degrees: rounded(apparentElevation),
    azimuth_degrees: rounded(azimuth),
    light: light(elevation),
  };
}

function month({ date, sun }: DatedSun, clock: ZoneClock) {
  const write = (instant: number | undefined) => (instant === undefined ? null : clock.write(instant));
  return { date, sunrise: write(sun.sun.rise), sunset: write(sun.sun.set), ...lengthOf(sun) };
}

function lengthOf({ condition, dayLengthMinutes }: SunDay) {
  const whole = Math.round(dayLengthMinutes);
  const dayLength = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
  return { condition, day_length: dayLength, day_length_minutes: whole };
}

function light(elevation: number): string {
  const zenith = 90 - elevation;
  if (zenith <= ZENITHS.sun) return 'day';
  if (zenith <= ZENITHS.civil) return 'civil_twilight';
  if (zenith <= ZENITHS.nautical) return 'nautical_twilight';
  return zenith <= ZENITHS.astronomical ? 'astronomical_twilight' : 'night';
}

const rounded = (degrees: number): number => Math.round(degrees * 100) / 100;
