import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { prepareQuickstart } from '../prepare.ts';
import { configurationText } from './tools.fixture.ts';
import { temporaryFolder } from './world.fixture.ts';

const temporary = temporaryFolder();
afterAll(() => temporary.remove());

const start = (progress: (line: string) => void = () => undefined) =>
  prepareQuickstart({ dataDir: temporary.path, progress, clock: { now: () => Date.now() } });

describe('preparing the quickstart', () => {
  it('sets every variable that the configuration names, to things that are there', async () => {
    const { environment, configFolder, stop } = await start();
    try {
      const variables = [...configurationText.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name as string);
      expect(Object.keys(environment).toSorted()).toEqual([...new Set(variables)].toSorted());
      for (const name of ['QUICKSTART_WORLD_DB', 'QUICKSTART_NOTEBOOK_DB']) {
        expect(existsSync(environment[name] as string)).toBe(true);
      }
      expect(existsSync(join(environment['QUICKSTART_OUTLINES'] as string, 'che.geo.json'))).toBe(true);
      expect(readdirSync(configFolder)).toContain('guide.yaml');
      const answer = await fetch(`${environment['QUICKSTART_SUN_URL']}/v1/sky/now?latitude=0&longitude=0`, {
        headers: { authorization: `Bearer ${environment['QUICKSTART_SUN_TOKEN']}` },
      });
      expect(answer.status).toBe(200);
    } finally {
      await stop();
    }
  });

  it('keeps the notebook across starts, makes the token anew, and stops twice without complaint', async () => {
    const first = await start();
    const db = new DatabaseSync(first.environment['QUICKSTART_NOTEBOOK_DB'] as string);
    db.exec("INSERT INTO favourites VALUES ('favourites', 1, 'Bern', 'CH', '', '2026-01-01T00:00:00Z')");
    await first.stop();
    await first.stop();

    const lines: string[] = [];
    const second = await start((line) => lines.push(line));
    expect(lines).toEqual([]);
    expect(db.prepare('SELECT name FROM favourites').all()).toMatchObject([{ name: 'Bern' }]);
    expect(second.environment['QUICKSTART_SUN_TOKEN']).not.toBe(first.environment['QUICKSTART_SUN_TOKEN']);
    db.close();
    await second.stop();
  });

  it('leaves the notebook of a later version alone', async () => {
    const db = new DatabaseSync(join(temporary.path, 'quickstart', 'notebook.db'));
    db.exec('PRAGMA user_version = 2');
    await expect(start()).rejects.toThrow(/of version 2, newer than 1/);
    db.exec('PRAGMA user_version = 1');
    db.close();
  });
});
