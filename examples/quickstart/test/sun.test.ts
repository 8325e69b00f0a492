import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { skyPosition, solarCoordinates } from '../sun/solar-position.ts';
import { sunDay } from '../sun/sun-day.ts';
import { sunYear } from '../sun/sun-year.ts';
import { zoneClock } from '../sun/zone-clock.ts';

const MINUTE = 60_000;
/** Published times are whole minutes, and refraction on the day is anybody's guess: a minute and a half. */
const minutesOff = (instant: number | undefined, published: string) =>
  Math.abs((instant ?? Number.NaN) - Date.parse(published)) / MINUTE;
const TOLERANCE = 1.5;

describe('sunrise and sunset as published', () => {
  // timeanddate.com, in UTC. The day is the calendar day at the place.
  it.each([
    ['London', 51.5074, -0.1278, 'Europe/London', '2015-01-01', '2015-01-01T08:06Z', '2015-01-01T16:01Z'],
    ['London', 51.5074, -0.1278, 'Europe/London', '2015-12-25', '2015-12-25T08:05Z', '2015-12-25T15:55Z'],
    ['Honolulu', 21.30743, -157.84857, 'Pacific/Honolulu', '2015-06-22', '2015-06-22T15:51Z', '2015-06-23T05:17Z'],
    ['Honolulu', 21.30743, -157.84857, 'Pacific/Honolulu', '2015-12-23', '2015-12-23T17:06Z', '2015-12-24T03:56Z'],
    ['Melbourne', -37.82919, 144.95798, 'Australia/Melbourne', '2016-01-01', '2015-12-31T19:02Z', '2016-01-01T09:46Z'],
    ['Wellington', -41.28748, 174.77419, 'Pacific/Auckland', '2015-10-20', '2015-10-19T17:26Z', '2015-10-20T06:47Z'],
    [
      'Buenos Aires',
      -34.60764,
      -58.4381,
      'America/Buenos_Aires',
      '2015-03-08',
      '2015-03-08T09:48Z',
      '2015-03-08T22:23Z',
    ],
    ['Seattle', 47.59748, -122.33459, 'America/Los_Angeles', '2015-05-09', '2015-05-09T12:41Z', '2015-05-10T03:32Z'],
    ['Reykjavik', 64.12047, -21.80945, 'Atlantic/Reykjavik', '2015-05-09', '2015-05-09T04:34Z', '2015-05-09T22:15Z'],
  ])('%s %d %d %s %s', (_, latitude, longitude, zone, date, rise, set) => {
    const { sun, condition } = sunDay(date, { latitude, longitude }, zoneClock(zone));
    expect(condition).toBe('rises_and_sets');
    expect(minutesOff(sun.rise, rise)).toBeLessThanOrEqual(TOLERANCE);
    expect(minutesOff(sun.set, set)).toBeLessThanOrEqual(TOLERANCE);
  });

  it('agrees to a second with the worked example of NREL/TP-560-34302 (Golden, Colorado)', () => {
    const place = { latitude: 39.742476, longitude: -105.1786 };
    const rise = sunDay('2003-10-17', place, undefined).sun.rise;
    // The example counts days in UTC: its sunset of 17 October, 17:20:19 local time, is that of the evening before.
    const set = sunDay('2003-10-16', place, undefined).sun.set;
    expect(Math.abs((rise ?? 0) - Date.parse('2003-10-17T06:12:43-07:00'))).toBeLessThan(1500);
    expect(Math.abs((set ?? 0) - Date.parse('2003-10-16T17:20:19-07:00'))).toBeLessThan(1500);
    const sky = skyPosition(Date.parse('2003-10-17T12:30:30-07:00'), place.latitude, place.longitude);
    expect(sky.azimuth).toBeCloseTo(194.34024, 2);
    // Its air is thinner (820 mbar), which takes a few thousandths of a degree off the refraction.
    expect(sky.apparentElevation).toBeCloseTo(90 - 50.11162, 2);
  });

  it('has the twilights of London on Christmas 2015 (timeanddate.com)', () => {
    const day = sunDay('2015-12-25', { latitude: 51.5074, longitude: -0.1278 }, undefined);
    expect(minutesOff(day.civil.rise, '2015-12-25T07:25Z')).toBeLessThanOrEqual(TOLERANCE);
    expect(minutesOff(day.nautical.rise, '2015-12-25T06:41Z')).toBeLessThanOrEqual(TOLERANCE);
    expect(minutesOff(day.astronomical.rise, '2015-12-25T06:01Z')).toBeLessThanOrEqual(TOLERANCE);
    expect(minutesOff(day.noon, '2015-12-25T12:00Z')).toBeLessThanOrEqual(TOLERANCE);
    expect(minutesOff(day.civil.set, '2015-12-25T16:36Z')).toBeLessThanOrEqual(TOLERANCE);
    expect(minutesOff(day.nautical.set, '2015-12-25T17:19Z')).toBeLessThanOrEqual(TOLERANCE);
  });

  // Equinoxes and solstices of 2024 as the almanacs give them, and the obliquity of that year.
  it.each([
    ['2024-03-20T03:06Z', 0],
    ['2024-06-20T20:51Z', 23.4385],
    ['2024-09-22T12:44Z', 0],
    ['2024-12-21T09:20Z', -23.4385],
  ])('has the sun at declination %s: %d°', (instant, declination) => {
    expect(Math.abs(solarCoordinates(Date.parse(instant)).declination - declination)).toBeLessThan(0.005);
  });
});

describe('where the sun does not set or rise', () => {
  it('gives Tromsø its midnight sun from 18 May to 25 July and its polar night from late November', () => {
    const year = sunYear(2024, { latitude: 69.6489, longitude: 18.95508 }, zoneClock('Europe/Oslo'));
    expect(year.polarDays).toBeGreaterThanOrEqual(68);
    expect(year.polarDays).toBeLessThanOrEqual(72);
    expect(year.polarNights).toBeGreaterThanOrEqual(44);
    expect(year.polarNights).toBeLessThanOrEqual(50);
    expect(year.longest.sun.dayLengthMinutes).toBe(1440);
    expect(year.shortest.sun).toMatchObject({ dayLengthMinutes: 0, condition: 'polar_night' });
  });

  it.each([
    [90, '2024-06-21', 'polar_day', 1440],
    [90, '2024-12-21', 'polar_night', 0],
    [-90, '2024-12-21', 'polar_day', 1440],
    [-90, '2024-06-21', 'polar_night', 0],
  ])('at latitude %d on %s: %s', (latitude, date, condition, dayLengthMinutes) => {
    const day = sunDay(date, { latitude, longitude: 0 }, undefined);
    expect(day).toMatchObject({ condition, dayLengthMinutes, sun: { rise: undefined, set: undefined } });
  });
});

describe('any day anywhere', () => {
  const date = fc
    .date({ min: new Date('1900-01-01'), max: new Date('2100-12-31'), noInvalidDate: true })
    .map((value) => value.toISOString().slice(0, 10));
  const place = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });

  it('has its events in order, and the sun on the horizon at sunrise', () => {
    fc.assert(
      fc.property(date, place, (on, at) => {
        const { noon, sun, civil, nautical, astronomical, dayLengthMinutes, condition } = sunDay(on, at, undefined);
        const order = [
          astronomical.rise,
          nautical.rise,
          civil.rise,
          sun.rise,
          noon,
          sun.set,
          civil.set,
          nautical.set,
          astronomical.set,
        ].filter((instant) => instant !== undefined);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        expect(dayLengthMinutes).toBeGreaterThanOrEqual(0);
        expect(dayLengthMinutes).toBeLessThanOrEqual(1440);
        expect(condition === 'polar_night').toBe(dayLengthMinutes === 0 && sun.rise === undefined);
        for (const instant of [sun.rise, sun.set]) {
          if (instant === undefined) continue;
          expect(Math.abs(skyPosition(instant, at.latitude, at.longitude).elevation + 0.833)).toBeLessThan(0.02);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('has its noon on the date that the clocks of the place show', () => {
    // Two ends of the date line: the same sun, a calendar day apart.
    const kiritimati = { latitude: 1.98, longitude: -157.47 };
    const clock = zoneClock('Pacific/Kiritimati');
    fc.assert(
      fc.property(
        date.filter((on) => on > '1996'),
        (on) => {
          expect(clock.dateOf(sunDay(on, kiritimati, clock).noon)).toBe(on);
        },
      ),
    );
    expect(clock.write(sunDay('2024-06-21', kiritimati, clock).noon)).toMatch(/^2024-06-21T12:3\d\+14:00$/);
  });
});

describe('the clock of a zone', () => {
  it.each([
    ['UTC', '2024-06-21T03:29:31Z', '2024-06-21T03:30Z'],
    ['Europe/Zurich', '2024-06-21T03:29:00Z', '2024-06-21T05:29+02:00'],
    ['Europe/London', '2024-12-21T23:59:45Z', '2024-12-22T00:00+00:00'],
    ['Asia/Kathmandu', '2024-06-21T18:20:00Z', '2024-06-22T00:05+05:45'],
    ['America/St_Johns', '2024-01-01T03:29:00Z', '2023-12-31T23:59-03:30'],
  ])('%s shows %s as %s', (zone, instant, shown) => {
    expect(zoneClock(zone).write(Date.parse(instant))).toBe(shown);
  });
});
