/**
 * `kill -9` at random moments under mixed writes, again and again on the same state: nothing that was
 * acknowledged is lost, nothing is there by half, the log verifies, and the server is soon back.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseSettings } from '#contract';
import { databasePlace, openDatabase } from '#db';
import { Secret, systemClock } from '#kernel';
import { startPostgres } from '../postgres-server.ts';
import { readAudit } from './audit-report.ts';
import { Journal } from './journal.ts';
import { judgeKeys, judgeNotes, judgeRecords, judgeSecrets } from './judge.ts';
import { notesConfiguration } from './notes.ts';
import { command, startServer } from './server.ts';
import { holds, none, type Extent, type Trial, type Verdict } from './trial.ts';
import { workUntilGone } from './workload.ts';

/** A killed server is back within this. */
const READY_MS = 5_000;
const SHORTEST_LIFE_MS = 50;
const LONGEST_LIFE_MS = 3_000;

/** Where the state lies, and how a configuration says so. */
interface State {
  readonly settings: DatabaseSettings;
  /** Lines of `kind: server`. */
  readonly lines: string;
}

const sqlite: Trial = {
  name: 'kill-sqlite',
  run: (extent) => killed(extent, { settings: { type: 'sqlite' }, lines: '' }),
};

const postgres: Trial = {
  name: 'kill-postgres',
  async run(extent) {
    const server = await startPostgres();
    const { host, port, user, password } = server;
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-kill-secret-'));
    // A configuration holds no password: it says where one stands.
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    const lines = `database:
  type: postgres
  host: ${host}
  port: ${port}
  user: ${user}
  password: file://${passwordFile}
  database: postgres
  tls: { mode: disable }`;
    const settings: DatabaseSettings = {
      ...{ type: 'postgres', host, port, user, database: 'postgres', schema: 'chatelaine', poolSize: 4 },
      password: new Secret(password),
      tls: { mode: 'disable' },
    };
    try {
      return await killed(extent, { settings, lines });
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

export const killTrials: readonly Trial[] = [sqlite, postgres];

async function killed({ kills, progress }: Extent, state: State): Promise<readonly Verdict[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-kill-'));
  try {
    const place = { config: notesConfiguration(folder, state.lines), dataDir: join(folder, 'data') };
    const admin = await key(place, 'admin', '--access', 'read', '--access', 'admin');
    const caller = await key(place, 'user');
    const journal = new Journal();
    const lost = new Set<string>();
    const starts: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const server = await startServer(place);
      starts.push(server.readyMs);
      const working = workUntilGone({ url: server.url, admin, caller, journal });
      await pause(SHORTEST_LIFE_MS + Math.random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS));
      await server.kill();
      await working;
      progress(`killed ${kill + 1} of ${kills}; ${journal.acknowledged().length} acknowledged`);
    }
    const last = await startServer(place);
    starts.push(last.readyMs);
    for (const wrong of await judgeKeys(last.url, journal)) lost.add(wrong);
    const exit = await last.stop();
    const at = databasePlace(state.settings, place.dataDir);
    const secrets = await judgeSecrets(at, place.dataDir, journal);
    const database = await openDatabase({ ...at, clock: systemClock });
    const report = await readAudit(place.dataDir, { settings: state.settings, database });
    await database.close();
    const slowest = Math.round(Math.max(...starts));
    return [
      holds(
        'it was killed',
        journal.acknowledged().length > kills,
        `${kills} times; ${journal.acknowledged().length} acknowledged of ${journal.entries.length}`,
      ),
      none('keys and revocations lost', [...lost]),
      none('secrets lost, or there by half', secrets),
      none('notes lost', judgeNotes(join(folder, 'notes.db'), journal)),
      ...judgeRecords(report, journal),
      holds(`it is ready again within ${READY_MS} ms`, slowest <= READY_MS, `${slowest} ms at most`),
      holds('it ends with 0', exit === 0, String(exit)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function key(
  place: { config: string; dataDir: string },
  role: string,
  ...more: readonly string[]
): Promise<string> {
  const named = ['--agent', `the-${role}`, '--role', role, '--config', place.config, '--data-dir', place.dataDir];
  return (JSON.parse(await command('key', 'create', ...named, ...more, '--json')) as { key: string }).key;
}
