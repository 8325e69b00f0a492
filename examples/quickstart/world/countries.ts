import type { DatabaseSync } from 'node:sqlite';
import type { Country } from 'world-countries';
import { withoutAccents } from './spelling.ts';

/** Fills `countries`, `country_keys`, `country_facets` and `borders`; gives the number of countries. */
export async function insertCountries(db: DatabaseSync): Promise<number> {
  const countries = await readCountries();
  insertRows(db, countries);
  insertKeys(db, countries);
  insertFacets(db, countries);
  insertBorders(db, countries);
  return countries.length;
}

/** The package is CommonJS with types written for a bundler: at run time its default export is the list itself. */
async function readCountries(): Promise<readonly Country[]> {
  const { default: exported }: { default: unknown } = await import('world-countries');
  if (!Array.isArray(exported)) throw new Error('`world-countries` does not export a list of countries');
  return exported as Country[];
}

function insertRows(db: DatabaseSync, countries: readonly Country[]): void {
  const columns = [
    'code',
    'code3',
    'name',
    'official_name',
    'native_names',
    'flag',
    'capital',
    'region',
    'subregion',
    'languages',
    'currencies',
    'area_km2',
    'landlocked',
    'independent',
    'un_member',
    'calling_code',
    'internet_domain',
    'demonym',
    'latitude',
    'longitude',
    'language_count',
  ];
  const insert = db.prepare(
    `INSERT INTO countries (${columns.join(', ')}) VALUES (${columns.map((column) => `:${column}`).join(', ')})`,
  );
  for (const country of countries) {
    insert.run({
      code: country.cca2,
      code3: country.cca3,
      name: country.name.common,
      official_name: country.name.official,
      native_names: listOf(Object.values(country.name.native).map((name) => name.common)) ?? country.name.common,
      flag: country.flag,
      capital: listOf(country.capital),
      region: country.region,
      subregion: country.subregion || null,
      languages: listOf(Object.values(country.languages)) ?? '',
      currencies: listOf(Object.entries(country.currencies).map(([code, { name }]) => `${name} (${code})`)) ?? '',
      // The package writes -1 where it does not know the area.
      area_km2: country.area > 0 ? country.area : null,
      landlocked: Number(country.landlocked),
      independent: typeof country.independent === 'boolean' ? Number(country.independent) : null,
      un_member: Number(country.unMember),
      calling_code: callingCode(country),
      internet_domain: listOf(country.tld),
      demonym: country.demonyms['eng']?.m || null,
      latitude: country.latlng[0],
      longitude: country.latlng[1],
      language_count: Object.keys(country.languages).length,
    });
  }
}

const listOf = (values: readonly string[]): string | null => [...new Set(values)].join(', ') || null;

/** `+41`; a root such as `+1` alone where the country has one suffix per area code. */
function callingCode({ idd }: Country): string | null {
  if (!idd.root) return null;
  return idd.suffixes.length === 1 ? `${idd.root}${idd.suffixes[0]}` : idd.root;
}

/**
 * A name may mean several countries. The better kind of name wins (Sudan is Sudan in English, whatever
 * South Sudan is called in another language); among equals all stay, and the answer shows them all.
 */
function insertKeys(db: DatabaseSync, countries: readonly Country[]): void {
  const ranks = new Map<string, Map<string, number>>();
  for (const country of countries) {
    for (const [rank, names] of namesByRank(country).entries()) {
      for (const name of names) {
        for (const key of new Set([name, name.toLowerCase(), withoutAccents(name)])) {
          const claims = ranks.get(key) ?? new Map<string, number>();
          if (!claims.has(country.cca2)) claims.set(country.cca2, rank);
          ranks.set(key, claims);
        }
      }
    }
  }
  const insert = db.prepare('INSERT OR IGNORE INTO country_keys VALUES (?, ?)');
  for (const [key, claims] of ranks) {
    const best = Math.min(...claims.values());
    for (const [country, rank] of claims) if (rank === best) insert.run(key, country);
  }
}

function namesByRank(country: Country): string[][] {
  const both = (names: Iterable<{ common: string; official: string }>) =>
    [...names].flatMap(({ common, official }) => [common, official]);
  return [
    [country.cca2],
    [country.cca3],
    [country.name.common],
    [country.name.official],
    both(Object.values(country.name.native)),
    country.altSpellings,
    both(Object.values(country.translations)),
  ].map((names) => names.filter((name) => name !== ''));
}

function insertFacets(db: DatabaseSync, countries: readonly Country[]): void {
  const insert = db.prepare('INSERT OR IGNORE INTO country_facets VALUES (?, ?, ?)');
  for (const country of countries) {
    const facets: readonly (readonly [facet: string, values: readonly string[]])[] = [
      ['region', [country.region]],
      ['subregion', [country.subregion]],
      ['un_group', [country.unRegionalGroup]],
      ['language', Object.values(country.languages)],
      ['currency', Object.keys(country.currencies)],
    ];
    for (const [facet, values] of facets) {
      for (const value of values) if (value !== '') insert.run(facet, value, country.cca2);
    }
  }
}

/** A land border is one that both sides name: the package also lists Sri Lanka's neighbour across the sea. */
function insertBorders(db: DatabaseSync, countries: readonly Country[]): void {
  const byCode3 = new Map(countries.map((country) => [country.cca3, country]));
  const insert = db.prepare('INSERT INTO borders VALUES (?, ?)');
  for (const country of countries) {
    for (const code3 of country.borders) {
      const neighbour = byCode3.get(code3);
      if (neighbour?.borders.includes(country.cca3)) insert.run(country.cca2, neighbour.cca2);
    }
  }
}
