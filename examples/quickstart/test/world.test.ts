import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureWorld } from '../world/ensure-world.ts';
import { plainSpellings } from '../world/spelling.ts';
import { temporaryFolder } from './world.fixture.ts';

const temporary = temporaryFolder();
let file: string;
let count = 0;
beforeEach(() => {
  file = join(temporary.path, `world-${count++}.db`);
});
afterAll(() => temporary.remove());

const silent = () => undefined;

function read<Result>(use: (db: DatabaseSync) => Result): Result {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

const one = (sql: string) => read((db) => Object.values(db.prepare(sql).get() ?? {})[0]);

/** A build in a process of its own: its lines, and the process to kill. */
function buildElsewhere() {
  const module = new URL('../world/ensure-world.ts', import.meta.url).href;
  const code = `import { ensureWorld } from ${JSON.stringify(module)};
    await ensureWorld(${JSON.stringify(file)}, (line) => console.log(line));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const all = async () => {
    const heard: string[] = [];
    for await (const line of lines) heard.push(line);
    return heard;
  };
  return { child, lines, all, ended: once(child, 'exit') };
}

describe('building the world', () => {
  it('takes in every record of both packages, and each finds its partner', async () => {
    const lines: string[] = [];
    await ensureWorld(file, (line) => lines.push(line));
    expect(one('SELECT count(*) FROM cities')).toBe(135_233);
    expect(one('SELECT count(*) FROM countries')).toBe(250);
    expect(one('SELECT count(*) FROM cities WHERE country NOT IN (SELECT code FROM countries)')).toBe(0);
    expect(one('SELECT count(*) FROM cities WHERE feature NOT IN (SELECT code FROM features)')).toBe(0);
    expect(one('SELECT count(*) FROM features f WHERE NOT EXISTS (SELECT 1 FROM cities WHERE feature = f.code)')).toBe(
      0,
    );
    expect(one('SELECT sum(city_count) FROM countries')).toBe(one('SELECT count(*) FROM cities WHERE settlement = 1'));
    expect(
      one(
        'SELECT count(*) FROM borders a WHERE NOT EXISTS (SELECT 1 FROM borders b WHERE b.country = a.neighbour AND b.neighbour = a.country)',
      ),
    ).toBe(0);
    expect(one('PRAGMA integrity_check')).toBe('ok');
    expect(lines.length).toBeGreaterThan(3);
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  it('does nothing the second time', async () => {
    await ensureWorld(file, silent);
    const before = statSync(file);
    const lines: string[] = [];
    await ensureWorld(file, (line) => lines.push(line));
    expect(lines).toEqual([]);
    expect(statSync(file)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it.each([
    ['of another version of a package', "UPDATE about SET value = replace(value, '@5.1.0', '@5.0.0')"],
    ['without a recipe', 'DELETE FROM about'],
  ])('rebuilds a database %s', async (_, change) => {
    await ensureWorld(file, silent);
    const db = new DatabaseSync(file);
    db.exec(`${change}; DELETE FROM cities`);
    db.close();
    await ensureWorld(file, silent);
    expect(one('SELECT count(*) FROM cities')).toBe(135_233);
  });

  it('replaces a file that is no database', async () => {
    writeFileSync(file, 'not a database, and longer than the header that one begins with'.repeat(100));
    await ensureWorld(file, silent);
    expect(one('SELECT count(*) FROM cities')).toBe(135_233);
  });

  it('leaves nothing that looks finished when it is killed, and builds anew afterwards', async () => {
    const partial = `${file}.partial`;
    while (!existsSync(partial)) {
      // On a busy machine the build may win the race: then what it left is whole.
      if (existsSync(file)) expect(one('SELECT count(*) FROM cities')).toBe(135_233);
      rmSync(file, { force: true });
      const { child, lines, ended } = buildElsewhere();
      for await (const line of lines) if (line.startsWith('cities: 0')) break;
      child.kill('SIGKILL');
      await ended;
    }
    expect(existsSync(file)).toBe(false);

    await ensureWorld(file, silent);
    expect(one('SELECT count(*) FROM cities')).toBe(135_233);
    expect(existsSync(partial)).toBe(false);
  });

  it('lets two starts take turns, and the second finds the work done', async () => {
    const builds = [buildElsewhere(), buildElsewhere()];
    const lines = await Promise.all(builds.map((build) => build.all()));
    const codes = await Promise.all(builds.map((build) => build.ended));
    expect(codes.map(([code]) => code)).toEqual([0, 0]);
    expect(lines.filter((heard) => heard.length > 0)).toHaveLength(1);
    expect(one('SELECT count(*) FROM cities')).toBe(135_233);
  });

  it('says which file could not be built', async () => {
    const path = join(temporary.path, 'no', 'such', 'folder', 'world.db');
    await expect(ensureWorld(path, silent)).rejects.toThrow(`could not be built at \`${path}\``);
  });
});

describe('plain spellings', () => {
  it.each([
    ['Tromsø', 'tromso'],
    ['Łódź', 'lodz'],
    ['Arkhangel’sk', 'arkhangelsk'],
    ['Zürich', 'zuerich'],
    ['Großköllnbach', 'grosskollnbach | grosskoellnbach'],
    ['São Paulo', undefined],
    ['London', undefined],
  ])('of %s: %s', (name, plain) => expect(plainSpellings(name)).toBe(plain));
});
