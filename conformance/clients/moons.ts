/** The data that every client asks for, and what it must read back. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Name, planet, mean radius in km, year of the discovery. */
const MOONS = [
  ['Ganymede', 'Jupiter', 2634.1, 1610],
  ['Callisto', 'Jupiter', 2410.3, 1610],
  ['Io', 'Jupiter', 1821.6, 1610],
  ['Europa', 'Jupiter', 1560.8, 1610],
  ['Titan', 'Saturn', 2574.7, 1655],
  ['Iapetus', 'Saturn', 734.5, 1671],
  ['Rhea', 'Saturn', 763.8, 1672],
  ['Titania', 'Uranus', 788.4, 1787],
  ['Triton', 'Neptune', 1353.4, 1846],
] as const;

export type Row = Readonly<Record<string, string | number>>;

/** A call and its answer. */
export interface Question {
  readonly tool: string;
  readonly args: Readonly<Record<string, string | number>>;
  readonly answer: readonly Row[];
}

export const TOOLS = ['largest_moon', 'moons_found_before', 'moons_of'];

export const WITHOUT_ARGUMENT: Question = {
  tool: 'largest_moon',
  args: {},
  answer: [{ name: 'Ganymede', planet: 'Jupiter', radius_km: 2634.1 }],
};

export const WITH_ARGUMENT: Question = {
  tool: 'moons_of',
  args: { planet: 'Saturn' },
  answer: [
    { name: 'Titan', radius_km: 2574.7 },
    { name: 'Rhea', radius_km: 763.8 },
    { name: 'Iapetus', radius_km: 734.5 },
  ],
};

/** Asked at `/mcp/history`, where no other tool is. */
export const TOOLSET = 'history';
export const OF_TOOLSET: Question = {
  tool: 'moons_found_before',
  args: { year: 1655 },
  answer: ['Callisto', 'Europa', 'Ganymede', 'Io'].map((name) => ({ name, found: 1610 })),
};

/** Writes the database into the copied configuration folder. */
export function writeMoons(folder: string): void {
  const database = new DatabaseSync(join(folder, 'moons.db'));
  database.exec('CREATE TABLE moons (name TEXT, planet TEXT, radius_km REAL, found INTEGER) STRICT');
  const insert = database.prepare('INSERT INTO moons VALUES (?, ?, ?, ?)');
  for (const moon of MOONS) insert.run(...moon);
  database.close();
}
