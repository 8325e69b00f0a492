/**
 * `kill -9` at random moments under mixed writes, again and again on the same state: nothing that was
 * acknowledged is lost, nothing is there by half, the log verifies, and the server is soon back.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { serverSchema, type DatabaseSettings } from '#contract';
import { databasePlace, openDatabase } from '#db';
import { systemClock } from '#kernel';
import { startPostgres, type PostgresAddress } from '../postgres-server.ts';
import { readAudit } from './audit-report.ts';
import { findKeys, findNotes, findRevocations, findSecrets } from './findings.ts';
import { Journal, KINDS } from './journal.ts';
import { judgeKeys, judgeLedger, judgeNotes, judgeRecords, judgeSecrets, judgeWork } from './judge.ts';
import { makeKey, notesConfiguration } from './notes.ts';
import { startServer, type Place, type Server } from './server.ts';
import { holds, none, type Extent, type Trial, type Verdict } from './trial.ts';
import { workUntilGone } from './workload.ts';

/**
 * A killed server is back within this, by its own work: processor time and not the clock, which other work on the
 * machine moves. By the clock it has six times as long.
 */
const READY_MS = 5_000;
const READY_AT_ALL_MS = 30_000;
const SHORTEST_LIFE_MS = 50;
const LONGEST_LIFE_MS = 3_000;
const USUAL_START_MS = 1_000;
/** After so many kills everything is judged: a long run ends with what it finds first. */
const ROUND = 20;

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
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-kill-secret-'));
    try {
      return await killed(extent, await twoRoles(server, folder));
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

export const killTrials: readonly Trial[] = [sqlite, postgres];

/** A database as docs/storage.md says: the role that serves can do no more after a crash than before it. */
async function twoRoles({ host, port, user, password }: PostgresAddress, folder: string): Promise<State> {
  const client = new pg.Client({ host, port, user, password, database: 'postgres', ssl: false });
  await client.connect();
  await client.query(`create role chatelaine_owner login password 'of the owner'`);
  await client.query(`create role chatelaine login password 'of the one that serves'`);
  await client.query(`create database chatelaine owner chatelaine_owner`);
  await client.end();
  // A configuration holds no password: it says where one stands.
  const fileOf = (role: string, content: string): string => {
    const file = join(folder, role);
    writeFileSync(file, content, { mode: 0o600 });
    return `file://${file}`;
  };
  const document = (passwordOf: (role: string, content: string) => string): object => ({
    ...{ type: 'postgres', host, port, database: 'chatelaine', poolSize: 4 },
    ...{ user: 'chatelaine', password: passwordOf('chatelaine', 'of the one that serves') },
    migration: { user: 'chatelaine_owner', password: passwordOf('chatelaine_owner', 'of the owner') },
  });
  return {
    settings: serverSchema.parse({ kind: 'server', database: document((_, content) => content) }).database,
    lines: `database: ${JSON.stringify(document(fileOf))}`,
  };
}

async function killed({ kills, until, progress }: Extent, state: State): Promise<readonly Verdict[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-kill-'));
  try {
    const place = { config: notesConfiguration(folder, state.lines), dataDir: join(folder, 'data') };
    const admin = await makeKey(place, 'admin');
    const caller = await makeKey(place);
    const journal = new Journal();
    const starts: Start[] = [];
    const errors: string[] = [];
    const began = performance.now();
    let verdicts: readonly Verdict[] = [];
    for (let done = 1; done <= kills; done++) {
      const server = await startServer(place);
      starts.push(server);
      const working = workUntilGone({ url: server.url, admin, caller, journal });
      await pause(lifeMs(server));
      await server.kill();
      await working;
      errors.push(...server.errors);
      const late = performance.now() > until;
      if (done % ROUND !== 0 && done < kills && !late) {
        progress(figures(done, kills, began, journal, starts));
        continue;
      }
      verdicts = await judged({ place, state, admin, journal, done, starts });
      const wrong = verdicts.filter(({ passed }) => passed === false).length;
      const facts = wrong === 0 ? `${verdicts.length} facts hold` : `${wrong} facts of ${verdicts.length} do not hold`;
      progress(`${figures(done, kills, began, journal, starts)}; ${facts}`, { keep: true });
      if (late && done < kills) {
        return [...verdicts, holds(`there is time for ${kills} kills`, false, `there was for ${done}`)];
      }
      if (wrong > 0) {
        for (const line of errors.slice(0, 5)) progress(`the server said: ${line}`, { keep: true });
        break;
      }
    }
    return verdicts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** At random; longer where the machine is slow, as its start has shown, so that something is done in it. */
const lifeMs = ({ readyMs }: Server): number =>
  SHORTEST_LIFE_MS + Math.random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS) * Math.max(1, readyMs / USUAL_START_MS);

interface Killed {
  readonly place: Place;
  readonly state: State;
  readonly admin: string;
  readonly journal: Journal;
  readonly done: number;
  readonly starts: Start[];
}

/** How long a start took, and how much of that the server worked. */
type Start = Pick<Server, 'readyMs' | 'workedMs'>;

async function judged({ place, state, admin, journal, done, starts }: Killed): Promise<readonly Verdict[]> {
  const server = await startServer(place);
  starts.push(server);
  const keys = await findKeys(server.url, admin, journal.keys);
  const exit = await server.stop();
  const at = databasePlace(state.settings, place.dataDir);
  const names = new Set(journal.of('put-secret').map(({ act: { name } }) => name));
  const secrets = await findSecrets(at, place.dataDir, names);
  const database = await openDatabase({ ...at, clock: systemClock });
  const report = await readAudit(place.dataDir, { settings: state.settings, database });
  await database.close();
  return [
    // On a slow machine a life is over after a dozen acts.
    ...judgeWork(journal, Math.ceil(done / 10)),
    none('keys and revocations lost', judgeKeys(journal, keys)),
    none('secrets lost, or there by half', judgeSecrets(journal, secrets)),
    none('revocations that the ledger lost', judgeLedger(journal, findRevocations(place.dataDir))),
    none('notes lost', judgeNotes(journal, findNotes(join(place.config, '../notes.db')))),
    ...judgeRecords(report, journal),
    ...readiness(starts),
    holds('it ends with 0', exit === 0, String(exit)),
  ];
}

function figures(done: number, kills: number, began: number, journal: Journal, starts: readonly Start[]): string {
  const seconds = Math.round((performance.now() - began) / 1000);
  const acknowledged = KINDS.reduce((sum, kind) => sum + journal.count(kind), 0);
  const of = `${acknowledged} of ${journal.entries.length} requests acknowledged`;
  return `${done} of ${kills} kills in ${seconds} s, ${of}, slowest start ${slowest(starts, 'readyMs')} ms`;
}

function readiness(starts: readonly Start[]): readonly Verdict[] {
  const [worked, waited] = [slowest(starts, 'workedMs'), slowest(starts, 'readyMs')];
  return [
    holds(`it is ready again after ${READY_MS} ms of work`, worked <= READY_MS, `${worked} ms at most`),
    holds(`and within ${READY_AT_ALL_MS} ms by the clock`, waited <= READY_AT_ALL_MS, `${waited} ms at most`),
  ];
}

const slowest = (starts: readonly Start[], what: keyof Start): number =>
  Math.round(Math.max(...starts.map((start) => start[what])));
