/** Public holidays by country and year, worked out rather than listed. */

export const COUNTRIES = ['DE', 'FR', 'US'] as const;
export type Country = (typeof COUNTRIES)[number];

export interface Holiday {
  /** `2026-12-25` */
  readonly date: string;
  readonly name: string;
}

const DAY_MS = 86_400_000;

/** The nationwide holidays of a year, in order. */
export function holidaysOf(country: Country, year: number): readonly Holiday[] {
  const easter = easterSunday(year);
  const fixed = (month: number, day: number, name: string): Holiday => ({ date: isoDate(year, month, day), name });
  const moved = (days: number, name: string): Holiday => ({ date: addDays(easter, days), name });
  const nth = (which: number, weekday: number, month: number, name: string): Holiday => ({
    date: nthWeekday(year, month, weekday, which),
    name,
  });
  const lists: Readonly<Record<Country, readonly Holiday[]>> = {
    DE: [
      fixed(1, 1, 'Neujahr'),
      moved(-2, 'Karfreitag'),
      moved(1, 'Ostermontag'),
      fixed(5, 1, 'Tag der Arbeit'),
      moved(39, 'Christi Himmelfahrt'),
      moved(50, 'Pfingstmontag'),
      fixed(10, 3, 'Tag der Deutschen Einheit'),
      fixed(12, 25, '1. Weihnachtstag'),
      fixed(12, 26, '2. Weihnachtstag'),
    ],
    FR: [
      fixed(1, 1, 'Jour de l’an'),
      moved(1, 'Lundi de Pâques'),
      fixed(5, 1, 'Fête du Travail'),
      fixed(5, 8, 'Victoire 1945'),
      moved(39, 'Ascension'),
      moved(50, 'Lundi de Pentecôte'),
      fixed(7, 14, 'Fête nationale'),
      fixed(8, 15, 'Assomption'),
      fixed(11, 1, 'Toussaint'),
      fixed(11, 11, 'Armistice 1918'),
      fixed(12, 25, 'Noël'),
    ],
    US: [
      fixed(1, 1, 'New Year’s Day'),
      nth(3, 1, 1, 'Birthday of Martin Luther King, Jr.'),
      nth(3, 1, 2, 'Washington’s Birthday'),
      nth(-1, 1, 5, 'Memorial Day'),
      fixed(6, 19, 'Juneteenth'),
      fixed(7, 4, 'Independence Day'),
      nth(1, 1, 9, 'Labor Day'),
      nth(2, 1, 10, 'Columbus Day'),
      fixed(11, 11, 'Veterans Day'),
      nth(4, 4, 11, 'Thanksgiving Day'),
      fixed(12, 25, 'Christmas Day'),
    ],
  };
  return lists[country].toSorted((left, right) => left.date.localeCompare(right.date));
}

export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);

/** Monday 1 … Sunday 7. */
export const weekdayOf = (date: string): number => new Date(date).getUTCDay() || 7;

function isoDate(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}

/** The first, second … such weekday of a month; -1 is the last. */
function nthWeekday(year: number, month: number, weekday: number, which: number): string {
  if (which > 0) {
    const first = isoDate(year, month, 1);
    return addDays(first, ((weekday - weekdayOf(first) + 7) % 7) + (which - 1) * 7);
  }
  const last = isoDate(year, month + 1, 0);
  return addDays(last, -((weekdayOf(last) - weekday + 7) % 7));
}

/** The Gregorian computus of Meeus, Astronomical Algorithms, chapter 8. */
function easterSunday(year: number): string {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return isoDate(year, Math.floor(n / 31), (n % 31) + 1);
}
