/**
 * Two replicas on one PostgreSQL restart in turn under load (R5). A client goes to the other one where a connection is
 * refused; what was accepted is answered.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { prepareDataDirectory } from '#db';
import { startServer, type Place, type Server } from '../crash/server.ts';
import { startPostgres } from '../postgres-server.ts';
import { judgeServed, type Answer } from './judge.ts';
import { SteadyLoad } from './load.ts';
import { callTool, keyOf, openFolder, postgresAt } from './place.ts';
import { holds, none, timely, type Trial, type Verdict } from './trial.ts';

/** Files that hosts of one installation have in common. */
const HOST_KEYS = ['vault.key', 'audit/signing.key', 'audit/digest.key'];
const RESTARTS = { short: 2, long: 20 } as const;
const PER_SECOND = 20;
const DRAIN_MS = 15_000;
const STREAMS = 5;
const BETWEEN_MS = 1_000;

export const rollingTrial: Trial = {
  name: 'rolling-restart',
  async run({ short, progress }) {
    const postgres = await startPostgres();
    const folder = openFolder('rolling');
    const servers: Server[] = [];
    try {
      const database = postgresAt(postgres, folder.secret('password', postgres.password));
      const config = folder.configure({ database });
      const places: readonly Place[] = ['one', 'other'].map((name) => ({ config, dataDir: join(folder.path, name) }));
      const key = await keyOf(places[0] as Place);
      servers.push(await startServer(places[0] as Place));
      shareKeys(places);
      servers.push(await startServer(places[1] as Place));
      const moved = { refused: 0 };
      const load = new SteadyLoad(PER_SECOND, (count) => callEither(servers, count, key, moved));
      await pause(BETWEEN_MS);
      const drains: number[] = [];
      const exits: (number | null)[] = [];
      const cut: string[] = [];
      const restarts = RESTARTS[short ? 'short' : 'long'];
      for (let done = 0; done < restarts; done++) {
        progress(`${done} of ${restarts} restarts`);
        const at = done % 2;
        const server = servers[at] as Server;
        const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(server.url, key)));
        const since = performance.now();
        exits.push(await server.stop());
        drains.push(performance.now() - since);
        cut.push(...(await Promise.all(streams.map(({ ending }) => ending))).filter((how) => how !== 'ended'));
        servers[at] = await startServer({ ...(places[at] as Place), port: Number(new URL(server.url).port) });
        await pause(BETWEEN_MS);
      }
      await load.stop();
      return judged({ load, moved, drains, exits, cut, restarts });
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await postgres.stop();
      folder.remove();
    }
  },
};

function judged({
  load,
  moved,
  drains,
  exits,
  cut,
  restarts,
}: {
  readonly load: SteadyLoad;
  readonly moved: { readonly refused: number };
  readonly drains: readonly number[];
  readonly exits: readonly (number | null)[];
  readonly cut: readonly string[];
  readonly restarts: number;
}): readonly Verdict[] {
  const longest = Math.round(Math.max(...drains));
  return [
    judgeServed(`calls during ${restarts} restarts`, load.samples),
    holds('some were refused and went to the other', moved.refused > 0, String(moved.refused)),
    timely(`a server has ended within ${DRAIN_MS} ms`, longest <= DRAIN_MS, `${longest} ms at most`),
    none(`streams that did not end as streams do, of ${STREAMS * restarts}`, cut),
    holds(
      'each ends with 0',
      exits.every((exit) => exit === 0),
      exits.join(', '),
    ),
  ];
}

function shareKeys([one, other]: readonly Place[]): void {
  if (one === undefined || other === undefined) return;
  prepareDataDirectory(other.dataDir);
  for (const name of HOST_KEYS) {
    mkdirSync(dirname(join(other.dataDir, name)), { recursive: true, mode: 0o700 });
    copyFileSync(join(one.dataDir, name), join(other.dataDir, name));
  }
}

/** Over a connection of its own; at the other server where none came about. */
async function callEither(
  servers: readonly Server[],
  count: number,
  key: string,
  moved: { refused: number },
): Promise<Answer> {
  const [first, second] = count % 2 === 0 ? [0, 1] : [1, 0];
  const answer = await callTool((servers[first] as Server).url, key);
  if (answer.code !== 'ECONNREFUSED') return answer;
  moved.refused++;
  return await callTool((servers[second] as Server).url, key);
}

/** Opens the stream of a session of its own; resolves once it is open, with how it will end. */
async function openStream(url: string, key: string): Promise<{ readonly ending: Promise<string> }> {
  const headers = { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream' };
  const begun = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'faults', version: '1' } },
    }),
  });
  await begun.arrayBuffer();
  const session = begun.headers.get('mcp-session-id');
  if (session === null) throw new Error(`no session began: ${begun.status}`);
  return await new Promise((opened, failed) => {
    const sent = request(
      `${url}/mcp`,
      { agent: false, headers: { ...headers, 'mcp-session-id': session } },
      (response) => {
        response.resume();
        opened({
          ending: new Promise((resolve) => {
            response.once('end', () => resolve('ended'));
            response.once('error', ({ message }) => resolve(message));
          }),
        });
      },
    );
    sent.once('error', failed);
    sent.end();
  });
}
