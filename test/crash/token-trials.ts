/**
 * `kill -9` at random moments while codes are redeemed and refresh tokens rotate, again and again on the same state. No
 * code and no refresh token gives tokens twice, nothing that a client was told is lost, and a sign-in is either ended
 * or goes on, in every process. On PostgreSQL two servers are asked in turn, of which one is killed.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { serverSchema, type DatabaseSettings } from '#contract';
import { databasePlace, openDatabase } from '#db';
import { systemClock } from '#kernel';
import { freePort } from '../loopback.ts';
import { startPostgres } from '../postgres-server.ts';
import { SCRIPTED_CLIENT_DOCUMENT } from '../scripted-client.ts';
import { signedIn } from '../signed-in.ts';
import { readAudit } from './audit-report.ts';
import { findTokens, judgeTokens } from './judge-tokens.ts';
import { notesConfiguration } from './notes.ts';
import { startServer, type Place, type Server } from './server.ts';
import { TokenJournal } from './token-journal.ts';
import { beginOne, comeAgain, useTokensUntilGone, type TokenPlace } from './token-workload.ts';
import { holds, none, type Extent, type Trial, type Verdict } from './trial.ts';

const SHORTEST_LIFE_MS = 300;
const LONGEST_LIFE_MS = 1_500;
/** After so many kills everything is judged. */
const ROUND = 20;
/** What one process changed is known in the other. */
const NEWS_MS = 1_000;

/** Files that hosts of one installation have in common. */
const HOST_KEYS = ['vault.key', 'audit/signing.key', 'audit/digest.key'];

interface Setting {
  readonly settings: DatabaseSettings;
  /** `database:` for whoever makes the person. */
  readonly database: Readonly<Record<string, unknown>> | undefined;
  /** Lines of `kind: server`. */
  readonly lines: string;
  /** A second server stands beside the one that is killed. */
  readonly beside: boolean;
}

const sqlite: Trial = {
  name: 'kill-tokens-sqlite',
  run: (extent) => killed(extent, { settings: { type: 'sqlite' }, database: undefined, lines: '', beside: false }),
};

const postgres: Trial = {
  name: 'kill-tokens-postgres',
  async run(extent) {
    const server = await startPostgres();
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-kill-secret-'));
    try {
      const { host, port, user, password } = server;
      const database = { type: 'postgres', host, port, user, password, database: 'postgres', poolSize: 4 };
      const file = join(folder, 'password');
      writeFileSync(file, password, { mode: 0o600 });
      return await killed(extent, {
        database,
        settings: serverSchema.parse({ kind: 'server', database }).database,
        lines: `database: ${JSON.stringify({ ...database, password: `file://${file}` })}`,
        beside: true,
      });
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

export const tokenTrials: readonly Trial[] = [sqlite, postgres];

interface Run {
  readonly setting: Setting;
  /** The server that is killed, and the one that stays. */
  readonly mortal: Place & { readonly port: number };
  readonly other: Server | undefined;
  readonly tokens: TokenPlace;
  readonly journal: TokenJournal;
}

async function killed(extent: Extent, setting: Setting): Promise<readonly Verdict[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-kill-tokens-'));
  let other: Server | undefined;
  try {
    const [port, otherPort] = [await freePort(), await freePort()];
    const url = new URL(`http://127.0.0.1:${port}`);
    const hosts = `allowedHosts: ["127.0.0.1:${otherPort}"]`;
    const config = notesConfiguration(folder, `publicUrl: ${url.origin}\n${hosts}\n${setting.lines}`, [
      SCRIPTED_CLIENT_DOCUMENT,
    ]);
    const mortal = { config, dataDir: join(folder, 'data'), port };
    const journal = new TokenJournal();
    // The keys of the installation are made by the first start, and the person's browser is recognized.
    const first = await startServer(mortal);
    const browser = await signedIn({ dataDir: mortal.dataDir, database: setting.database, url }, 'ann');
    const tokens = { url, browser, resource: `${url.origin}/mcp`, scope: 'openid' };
    await beginOne(tokens, journal);
    await first.stop();
    if (setting.beside) {
      const dataDir = join(folder, 'beside');
      for (const name of HOST_KEYS) {
        mkdirSync(join(dataDir, name, '..'), { recursive: true, mode: 0o700 });
        copyFileSync(join(mortal.dataDir, name), join(dataDir, name));
      }
      other = await startServer({ config, dataDir, port: otherPort });
    }
    return await manyKills(extent, { setting, mortal, other, tokens, journal });
  } finally {
    await other?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function manyKills({ kills, until, progress }: Extent, run: Run): Promise<readonly Verdict[]> {
  const { mortal, other, tokens, journal } = run;
  let verdicts: readonly Verdict[] = [];
  for (let done = 1; done <= kills; done++) {
    const server = await startServer(mortal);
    // Where another server lives on, clients go there: it knows what the killed one committed.
    await comeAgain({ url: other === undefined ? tokens.url : new URL(other.url) }, journal);
    // A life begins when there is something to kill: what issues tokens is loaded by the first request for it.
    await (await fetch(new URL('/.well-known/oauth-authorization-server', tokens.url))).arrayBuffer();
    const working = useTokensUntilGone(tokens, journal);
    working.catch(() => undefined);
    await pause(SHORTEST_LIFE_MS + Math.random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS));
    await server.kill();
    await working;
    const late = performance.now() > until;
    if (done % ROUND !== 0 && done < kills && !late) continue;
    verdicts = await judged(run, done);
    const wrong = verdicts.filter(({ passed }) => passed === false).length;
    const { refreshes, redemptions } = journal;
    progress(`${done} of ${kills} kills, ${refreshes} refreshes, ${redemptions} codes; ${wrong} facts do not hold`, {
      keep: true,
    });
    if (late && done < kills)
      return [...verdicts, holds(`there is time for ${kills} kills`, false, `there was for ${done}`)];
    if (wrong > 0) break;
  }
  return verdicts;
}

async function judged({ setting, mortal, other, tokens, journal }: Run, done: number): Promise<readonly Verdict[]> {
  const server = await startServer(mortal);
  await comeAgain(tokens, journal);
  const found = await findTokens(tokens.url, journal);
  if (other !== undefined) {
    await pause(NEWS_MS);
    // What ended at one process has ended at the other, and what goes on goes on there.
    for (const [kind, more] of Object.entries(await findTokens(new URL(other.url), journal)))
      found[kind as keyof typeof found].push(...(more as string[]));
  }
  const exit = await server.stop();
  const database = await openDatabase({ ...databasePlace(setting.settings, mortal.dataDir), clock: systemClock });
  const halves = await findHalves(database);
  const report = await readAudit(mortal.dataDir, { settings: setting.settings, database });
  await database.close();
  const recorded = report.records.filter(({ type, outcome }) => type === 'oauth.token' && outcome === 'success').length;
  const acknowledged = journal.refreshes + journal.redemptions;
  return [
    ...judgeTokens(journal, found, done),
    none('sign-ins with something of an end and something of going on', halves),
    none(`acknowledged without a record, of ${acknowledged}`, Math.max(0, acknowledged - recorded)),
    holds('the chain verifies', report.ok, report.findings[0] ?? `${report.records.length} records`),
    holds('it ends with 0', exit === 0, String(exit)),
  ];
}

/** Sessions that have ended and have artifacts left, and those that go on without exactly one refresh token to use. */
async function findHalves({ db }: Awaited<ReturnType<typeof openDatabase>>): Promise<string[]> {
  const rows = await db
    .selectFrom('token_sessions as session')
    .leftJoin('oauth_artifacts as artifact', 'artifact.grant_id', 'session.id')
    .select(['session.id', 'session.ended_at', 'artifact.model', 'artifact.consumed_at'])
    .execute();
  return [...Map.groupBy(rows, ({ id }) => id)].flatMap(([id, artifacts]) => {
    const left = artifacts.filter(({ model }) => model !== null);
    if (artifacts[0]?.ended_at !== null) return left.length === 0 ? [] : [`${id} has ended and has ${left[0]?.model}`];
    const usable = left.filter(({ model, consumed_at: used }) => model === 'RefreshToken' && used === null).length;
    const redeemed = left.some(({ model, consumed_at: used }) => model === 'AuthorizationCode' && used !== null);
    return redeemed && usable !== 1 ? [`${id} goes on with ${usable} refresh tokens`] : [];
  });
}
