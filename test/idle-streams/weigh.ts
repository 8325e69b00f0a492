/** Streams on which nothing happens: so many of a server, and of one of nothing but Node, and what each costs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { collectable, descriptorsOf, residentWithoutGarbage } from '../faults/inside.ts';
import { keyOf, openFolder, serving } from '../faults/place.ts';
import { StreamsClient } from './client.ts';
import type { FromClient, StreamsToOpen } from './streams-process.ts';

/** What a stream may cost, and how much more than it costs the bare server. */
export const MOST_KIB = 30;
export const TIMES_BARE = 3;

/** Before anything is measured: what the first streams load stays. */
export const WARM = 20;
const AT_ONCE = 20;
/** Nobody has more than a tenth of all sessions. */
const AGENTS = 6;

/** Streams that are open. */
export interface HeldStreams {
  readonly pid: number;
  readonly client: StreamsClient;
  /** Those that are open, `WARM` more than were asked for, and why others are not. */
  readonly opened: FromClient;
  /** Resident memory of each, without garbage. */
  readonly kib: number;
  /** Descriptors of the server before, with the first `WARM` streams. */
  readonly descriptors: number;
}

/** Opens so many streams of a server of their own, each in a session of its own, and ends both after the work. */
export async function holdingStreams<Value>(
  count: number,
  work: (held: HeldStreams) => Promise<Value>,
): Promise<Value> {
  const folder = openFolder('streams');
  try {
    const config = folder.configure({ limits: { maxSessions: 2 * count } });
    const place = { config, dataDir: join(folder.path, 'data'), env: collectable };
    const keys = await Promise.all(Array.from({ length: AGENTS }, (_, at) => keyOf(place, 'user', `agent-${at}`)));
    return await serving(place, async ({ url, pid }) => {
      const client = new StreamsClient();
      try {
        await client.open({ url: `${url}/mcp`, streams: await sessions(url, keys, WARM) });
        const resident = await residentWithoutGarbage(pid);
        const descriptors = descriptorsOf(pid);
        const opened = await client.open({ url: `${url}/mcp`, streams: await sessions(url, keys, count) });
        const kib = ((await residentWithoutGarbage(pid)) - resident) / count / 1024;
        return await work({ pid, client, opened, kib, descriptors });
      } finally {
        client.end();
      }
    });
  } finally {
    folder.remove();
  }
}

/** KiB of a stream at a server of nothing but Node. */
export async function bareCost(count: number): Promise<number> {
  const server = spawn(process.execPath, [join(import.meta.dirname, 'bare-streams.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...collectable },
  });
  const client = new StreamsClient();
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const url = `http://127.0.0.1:${Number(line.toString())}/`;
    await client.open({ url, streams: Array.from({ length: WARM }, () => ({})) });
    const before = await residentWithoutGarbage(server.pid as number);
    await client.open({ url, streams: Array.from({ length: count }, () => ({})) });
    return ((await residentWithoutGarbage(server.pid as number)) - before) / count / 1024;
  } finally {
    client.end();
    server.kill('SIGKILL');
  }
}

const INITIALIZE = JSON.stringify({
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'streams', version: '1' } },
});

/** So many sessions of their own, as headers of their streams. */
async function sessions(url: string, keys: readonly string[], count: number): Promise<StreamsToOpen['streams']> {
  const made: Readonly<Record<string, string>>[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun++ < count) {
      const authorization = `Bearer ${keys[begun % keys.length]}`;
      const id = await initialize(url, authorization);
      made.push({ authorization, 'mcp-session-id': id, 'mcp-protocol-version': '2025-06-18' });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return made;
}

async function initialize(url: string, authorization: string): Promise<string> {
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { authorization, accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
    body: INITIALIZE,
  });
  const id = response.headers.get('mcp-session-id');
  if (id === null) throw new Error(`no session began: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
  return id;
}
