import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureNotebook } from '../notebook.ts';
import { call, plan, toolDocuments, type Arguments } from './tools.fixture.ts';
import { openWorld, temporaryFolder } from './world.fixture.ts';

const temporary = temporaryFolder();
let world: DatabaseSync;
let notebook: DatabaseSync;
beforeAll(async () => {
  world = await openWorld(temporary.path);
  const file = join(temporary.path, 'notebook.db');
  ensureNotebook(file);
  notebook = new DatabaseSync(file);
});
afterAll(() => {
  world.close();
  notebook.close();
  temporary.remove();
});

const ZURICH = 2657896;
const LONDON = 2643743;

/** The tool, its arguments, and what the rows must say. */
const ANSWERS: readonly (readonly [tool: string, args: Arguments, first: object, rows?: number])[] = [
  ['search_cities', { name: 'zurich' }, { id: ZURICH, name: 'Zürich', country: 'Switzerland', division: 'ZH' }],
  ['search_cities', { name: 'ZUERICH' }, { id: ZURICH }],
  ['search_cities', { name: 'arkhangelsk' }, { name: 'Arkhangel’sk', country_code: 'RU' }],
  ['search_cities', { name: 'lodz' }, { name: 'Łódź' }],
  ['search_cities', { name: 'san fran', country: 'usa' }, { name: 'San Francisco', division: 'CA' }],
  ['search_cities', { name: 'york' }, { name: 'York', country_code: 'GB' }],
  ['search_cities', { name: 'paris', country: 'Canada' }, { country_code: 'CA' }],
  ['search_cities', { name: 'paris', min_population: 1_000_000, limit: 5 }, { country_code: 'FR' }, 1],
  ['nearest_cities', { latitude: 47.3769, longitude: 8.5417 }, { name: 'Zürich', distance_km: 1.3 }, 10],
  ['nearest_cities', { latitude: -17, longitude: 179.95, radius_km: 250 }, { name: 'Labasa', country_code: 'FJ' }],
  ['cities_in_area', { south: 36.6, west: 12.4, north: 38.3, east: 15.7 }, { name: 'Palermo' }, 20],
  ['cities_in_area', { south: -20, west: 176, north: -15, east: -178 }, { name: 'Suva' }],
  ['cities_in_area', { south: 45, west: 5, north: 48, east: 11, max_population: 100 }, { population: 100 }],
  // Great-circle distance and bearing of the published pair, London to New York: 5,570 km, 288°.
  [
    'city_distance',
    { from_city_id: LONDON, to_city_id: 5128581 },
    { distance_km: 5570.2, bearing_degrees: 288, direction: 'W' },
    1,
  ],
  ['city_distance', { from_city_id: ZURICH, to_city_id: ZURICH }, { distance_km: 0 }, 1],
  ['top_cities', {}, { name: 'Shanghai' }, 10],
  ['top_cities', { country: 'Japan', limit: 3 }, { name: 'Tokyo' }, 3],
  ['top_cities', { measure: 'latitude', min_population: 100_000 }, { name: 'Norilsk' }],
  ['top_cities', { measure: 'latitude', direction: 'ASC', region: 'South America' }, { name: 'Ushuaia' }],
  ['city_statistics', { group_by: 'region', min_population: 1_000_000 }, { area: 'Asia', largest_city: 'Shanghai' }, 5],
  ['city_statistics', { group_by: 'division', country: 'US' }, { area: 'US-CA', largest_city: 'Los Angeles' }, 20],
  ['city_statistics', { region: 'Western Europe' }, { area: 'Germany', largest_city: 'Berlin' }],
  [
    'country_facts',
    { country: 'Schweiz' },
    {
      code: 'CH',
      capital: 'Bern',
      neighbours: 'Austria, France, Germany, Italy, Liechtenstein',
      largest_city_id: ZURICH,
    },
    1,
  ],
  ['country_facts', { country: 'österreich' }, { code: 'AT', calling_code: '+43' }, 1],
  ['country_facts', { country: 'usa' }, { code: 'US', calling_code: '+1', internet_domain: '.us' }, 1],
  ['country_facts', { country: 'Saint-Martin' }, { code: 'MF' }, 2],
  ['find_countries', { language: 'portuguese' }, { code: 'BR' }, 10],
  ['find_countries', { language: 'German' }, { code: 'NA' }, 7],
  ['find_countries', { region: 'africa', landlocked: true }, { landlocked: 1 }, 16],
  ['find_countries', { un_member: true, limit: 250 }, { code: 'RU' }, 194],
  ['country_statistics', { group_by: 'region' }, { value: 'Africa', countries: 59 }, 6],
  ['country_statistics', { group_by: 'language', min_countries: 20 }, { value: 'English', countries: 91 }, 4],
  ['top_countries', {}, { code: 'RU' }, 10],
  ['top_countries', { measure: 'neighbour_count', limit: 1 }, { code: 'CN', value: 16 }, 1],
  ['top_countries', { region: 'South America', direction: 'ASC' }, { code: 'FK' }],
  ['border_neighbours', { country: 'Switzerland' }, { code: 'AT', shared_neighbours: 3 }, 5],
  ['border_neighbours', { country: 'LK' }, {}, 0],
  ['overland_route', { from_country: 'Portugal', to_country: 'Vietnam' }, { stop: 0, code: 'PT' }, 8],
  ['overland_route', { from_country: 'CH', to_country: 'CH' }, { code: 'CH', capital_city_id: 2661552 }, 1],
  ['overland_route', { from_country: 'Portugal', to_country: 'Japan' }, {}, 0],
];

describe('the statements of the tools', () => {
  it.each(ANSWERS.map(([tool, args, first, rows]) => ({ tool, args, first, rows })))('$tool $args', (answered) => {
    const { tool, args, first, rows } = answered;
    const answer = call(world, tool, args);
    if (rows !== undefined) expect(answer).toHaveLength(rows);
    expect(answer[0] ?? {}).toMatchObject(first);
  });

  it('are all tried here', () => {
    const tried = [...ANSWERS.map(([tool]) => tool), 'save_favourite', 'list_favourites', 'remove_favourite'];
    const declared = toolDocuments.filter(({ statement }) => statement !== undefined).map(({ name }) => name);
    expect(new Set(tried)).toEqual(new Set(declared));
  });

  it('tell figures in their guides that the database confirms', () => {
    const cities = Number(world.prepare('SELECT count(*) AS n FROM cities').get()?.['n']).toLocaleString('en');
    const countries = String(world.prepare('SELECT count(*) AS n FROM countries').get()?.['n']);
    for (const file of ['../README.md', '../config/about-the-data.md', '../config/guide.yaml']) {
      const text = readFileSync(new URL(file, import.meta.url), 'utf8');
      expect(text).toContain(cities);
      expect(text).toContain(`${countries} countries`);
    }
  });

  it('accept any text as a name, and find every city by its own', () => {
    const names = world.prepare('SELECT name FROM cities WHERE id % 997 = 0').all();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 30 }),
          fc.constantFrom('"', "'", '*', 'a* OR b', 'NEAR(a b)', '^x', '{}'),
        ),
        (name) => {
          for (const tool of ['search_cities', 'country_facts', 'border_neighbours']) {
            expect(() => call(world, tool, { name, country: name })).not.toThrow();
          }
        },
      ),
      { numRuns: 200 },
    );
    for (const { name } of names) {
      const found = call(world, 'search_cities', { name: String(name), limit: 100 });
      expect(found.map((row) => row['name'])).toContain(name);
    }
  });

  it('find the nearest cities wherever the point is, date line and poles included', () => {
    const all = world.prepare('SELECT id, latitude, longitude FROM cities WHERE settlement = 1').all() as unknown as {
      id: number;
      latitude: number;
      longitude: number;
    }[];
    const point = fc.record({
      latitude: fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(-90, 90, 89.99, 0)),
      longitude: fc.oneof(fc.double({ min: -180, max: 180, noNaN: true }), fc.constantFrom(-180, 180, 179.99, 0)),
      radius_km: fc.oneof(fc.double({ min: 1, max: 3000, noNaN: true }), fc.constantFrom(20_040, 10_010)),
    });
    fc.assert(
      fc.property(point, (at) => {
        const inside = all
          .map((city) => ({ id: city.id, km: angleBetween(at, city) * 6371.0088 }))
          .filter(({ km }) => km <= at.radius_km)
          .toSorted((a, b) => a.km - b.km)
          .slice(0, 10);
        const answer = call(world, 'nearest_cities', at);
        expect(answer).toHaveLength(inside.length);
        for (const [index, row] of answer.entries()) {
          expect(Math.abs(Number(row['distance_km']) - (inside[index]?.km ?? Number.NaN))).toBeLessThan(0.06);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('take the shortest way overland, country by country across borders that exist', () => {
    const route = call(world, 'overland_route', { from_country: 'ZA', to_country: 'NO' }).map((row) =>
      String(row['code']),
    );
    expect(route).toHaveLength(13);
    for (const [index, code] of route.slice(1).entries()) {
      const neighbours = call(world, 'border_neighbours', { country: route[index] as string });
      expect(neighbours.map((row) => row['code'])).toContain(code);
    }
  });
});

/** The angle between two points by vectors: another formula than the statement's. */
function angleBetween(a: { latitude: number; longitude: number }, b: { latitude: number; longitude: number }): number {
  const vector = ({ latitude, longitude }: { latitude: number; longitude: number }) => {
    const [phi, lambda] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
    return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)] as const;
  };
  const [u, v] = [vector(a), vector(b)];
  const cross = Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]);
  return Math.atan2(cross, u[0] * v[0] + u[1] * v[1] + u[2] * v[2]);
}

describe('the plans of the frequent statements', () => {
  it.each([
    ['search_cities', { name: 'zurich' }, 'SCAN city_names VIRTUAL TABLE INDEX'],
    [
      'nearest_cities',
      { latitude: 47, longitude: 8 },
      'USING COVERING INDEX cities_by_place (latitude>? AND latitude<?)',
    ],
    [
      'cities_in_area',
      { south: 1, west: 1, north: 2, east: 2 },
      'USING COVERING INDEX cities_by_place (latitude>? AND latitude<?)',
    ],
    ['city_distance', { from_city_id: 1, to_city_id: 2 }, 'USING INTEGER PRIMARY KEY (rowid=?)'],
    ['top_cities', {}, 'USING COVERING INDEX cities_by_country (country=? AND settlement=? AND population>?)'],
    ['city_statistics', {}, 'USING COVERING INDEX cities_by_country (country=? AND settlement=? AND population>?)'],
    ['country_facts', { country: 'CH' }, 'SEARCH country_keys USING PRIMARY KEY (key=?)'],
    ['border_neighbours', { country: 'CH' }, 'SEARCH b USING PRIMARY KEY (country=?)'],
  ] as const)('%s never reads through the cities', (tool, args, step) => {
    const steps = plan(world, tool, args);
    expect(steps.join('\n')).toContain(step);
    expect(steps.filter((line) => /^SCAN (c|l|cities)\b/.test(line))).toEqual([]);
  });
});

describe('the favourites', () => {
  const zurich = { city_id: ZURICH, name: 'Zürich', country_code: 'ch' };
  const entry = () => call(notebook, 'list_favourites')[0];

  it('keeps every note of a city saved again, each once', () => {
    expect(call(notebook, 'save_favourite', zurich)).toMatchObject([
      { list: 'favourites', note: '', country_code: 'CH' },
    ]);
    for (const note of ['lake', 'lake', 'old town', 'lake', '']) call(notebook, 'save_favourite', { ...zurich, note });
    expect(entry()).toMatchObject({ name: 'Zürich', note: 'lake\nold town' });
    expect(String(entry()?.['saved_at'])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('keeps lists apart, whatever their case', () => {
    call(notebook, 'save_favourite', { ...zurich, list: 'Summer' });
    expect(call(notebook, 'list_favourites', { list: 'summer' })).toHaveLength(1);
    expect(call(notebook, 'list_favourites')).toHaveLength(2);
  });

  it('removes one entry and says which, and nothing the second time', () => {
    expect(call(notebook, 'remove_favourite', { city_id: ZURICH })).toMatchObject([{ note: 'lake\nold town' }]);
    expect(call(notebook, 'remove_favourite', { city_id: ZURICH })).toEqual([]);
    expect(call(notebook, 'list_favourites')).toMatchObject([{ list: 'Summer' }]);
  });

  it('refuses a note that would grow without end', () => {
    const add = (index: number) => call(notebook, 'save_favourite', { ...zurich, note: `${index} ${'x'.repeat(990)}` });
    for (let index = 0; index < 10; index++) add(index);
    expect(() => add(11)).toThrow(/CHECK constraint failed/);
  });
});
