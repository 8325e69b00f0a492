/**
 * The key that wraps all others changes, again and again, and the server is killed while it wraps anew (R2): under load,
 * with `kill -9`, every secret stays readable.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { forgetfulLedger } from '#contract';
import { databasePlace, openDatabase } from '#db';
import { reveal, silentLogger, systemClock } from '#kernel';
import { openVault } from '#vault';
import { startServer } from '../crash/server.ts';
import { clockOf, shiftClock } from './inside.ts';
import { ask, between, SteadyLoad } from './load.ts';
import { asJson, keyOf, openFolder } from './place.ts';
import { counted, type Answer } from './judge.ts';
import { holds, none, type Trial } from './trial.ts';

const ROTATIONS = { short: 2, long: 20 } as const;
/** Each has a data key of its own, which a change of the wrapping key moves. */
const NAMESPACES = 40;
const WRITES_PER_SECOND = 8;
const LIVES_MS = 250;
/** `src/vault/rotation/lease.ts` */
const LEASE_MS = 60_000;

interface Kept {
  /** What may be there: what was acknowledged last, and what was on its way since. */
  values: string[];
}

export const wrappingKeysTrial: Trial = {
  name: 'wrapping-keys',
  async run({ short, progress }) {
    const folder = openFolder('wrapping');
    try {
      const dataDir = join(folder.path, 'data');
      const fileOf = (version: number): string => join(folder.path, `wrapping-${version}.key`);
      const configure = (version: number): string =>
        folder.configure({
          vault: {
            keyWrapper: { type: 'file', file: fileOf(version) },
            previousKeyWrappers: version === 0 ? [] : [{ type: 'file', file: fileOf(version - 1) }],
          },
        });
      const clock = join(folder.path, 'clock');
      const place = { config: configure(0), dataDir, env: clockOf(clock) };
      const admin = await keyOf(place, 'admin');
      const kept = new Map<string, Kept>();
      await fill(await startServer(place), admin, kept);
      const rotations = ROTATIONS[short ? 'short' : 'long'];
      let cutShort = 0;
      let moved = 0;
      const refused: Answer[] = [];
      for (let version = 1; version <= rotations; version++) {
        progress(`${version} of ${rotations} keys`);
        configure(version);
        const server = await startServer(place);
        const load = writing(server.url, admin, kept);
        await pause(LIVES_MS);
        const rewrapping = ask(new URL('/api/v1/data-keys/rewrap', server.url), asJson(admin, {}));
        await pause(Math.random() * LIVES_MS);
        const killedAt = performance.now();
        await server.kill();
        if ((await rewrapping).status !== 200) cutShort++;
        await load.stop();
        refused.push(...between(load.samples, 0, killedAt).filter(({ status }) => status >= 400));
        // Whoever was killed with it holds the work up for a minute; after that another start finishes it.
        await shiftClock(clock, version * (LEASE_MS + 1_000));
        const again = await startServer(place);
        moved += await finish(again.url, admin);
        await again.stop();
      }
      const lost = await unreadable({ dataDir, file: fileOf(rotations), kept });
      return [
        holds('some were killed while they wrapped', cutShort > 0, `${cutShort} of ${rotations}`),
        holds('data keys were wrapped anew', moved > 0, String(moved)),
        none(`secrets that do not open with the last key alone, of ${kept.size}`, lost),
        none('writes that were refused meanwhile', refused.length === 0 ? [] : [counted(refused)]),
      ];
    } finally {
      folder.remove();
    }
  },
};

const nameOf = (at: number): string => `space-${at}/secret`;

async function fill(
  server: Awaited<ReturnType<typeof startServer>>,
  admin: string,
  kept: Map<string, Kept>,
): Promise<void> {
  for (let at = 0; at < NAMESPACES; at++) {
    const { status, text } = await put(server.url, admin, nameOf(at), `first-${at}`, false);
    if (status !== 200 && status !== 201) throw new Error(`a secret could not be kept: ${status} ${text}`);
    kept.set(nameOf(at), { values: [`first-${at}`] });
  }
  await server.stop();
}

const put = (url: string, admin: string, name: string, value: string, made: boolean): Promise<Answer> => {
  const question = asJson(admin, { material: { kind: 'bearer', token: value } });
  const condition: Readonly<Record<string, string>> = made ? { 'if-match': '*' } : { 'if-none-match': '*' };
  const headers = { ...question.headers, ...condition };
  return ask(new URL(`/api/v1/secrets/${name}`, url), { ...question, method: 'PUT', headers });
};

let written = 0;

/** Each write is of another secret than those that are on their way. */
function writing(url: string, admin: string, kept: ReadonlyMap<string, Kept>): SteadyLoad {
  const busy = new Set<string>();
  return new SteadyLoad(WRITES_PER_SECOND, async () => {
    let name = nameOf(written++ % NAMESPACES);
    while (busy.has(name)) name = nameOf(written++ % NAMESPACES);
    busy.add(name);
    const value = `value-${written}`;
    const known = kept.get(name) as Kept;
    known.values.push(value);
    const answer = await put(url, admin, name, value, true);
    if (answer.status < 300 && answer.status > 0) known.values = [value];
    busy.delete(name);
    return answer;
  });
}

/** Asks until nobody else is at it. */
async function finish(url: string, admin: string): Promise<number> {
  const until = performance.now() + 90_000;
  for (;;) {
    const { status, text } = await ask(new URL('/api/v1/data-keys/rewrap', url), asJson(admin, {}));
    if (status === 200) return (JSON.parse(text) as { rewrapped: number }).rewrapped;
    if (performance.now() > until) throw new Error(`the keys could not be wrapped anew: ${status} ${text}`);
    await pause(500);
  }
}

/** Opened as a source would, with the newest wrapping key and no other. */
async function unreadable({
  dataDir,
  file,
  kept,
}: {
  readonly dataDir: string;
  readonly file: string;
  readonly kept: ReadonlyMap<string, Kept>;
}): Promise<readonly string[]> {
  const database = await openDatabase({ ...databasePlace({ type: 'sqlite' }, dataDir), clock: systemClock });
  const vault = await openVault({
    ...{ ledger: forgetfulLedger, database, clock: systemClock, log: silentLogger },
    wrapper: { type: 'file', file },
    mayUse: () => true,
  });
  try {
    const lost: string[] = [];
    for (const [path, { values }] of kept) {
      const [namespace = '', name = ''] = path.split('/');
      try {
        const material = await vault.reader.read({ namespace, name }, { namespace, by: 'source judge' });
        const value = material.kind === 'bearer' ? reveal(material.token) : '';
        if (!values.includes(value)) lost.push(`${path} says ${value}, and not ${values.join(' or ')}`);
      } catch (error) {
        lost.push(`${path}: ${(error as Error).message}`);
      }
    }
    return lost;
  } finally {
    vault.close();
    await database.close();
  }
}
