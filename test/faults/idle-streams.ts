/** Ten thousand streams on which nothing happens (H2): what each costs, beside a server of nothing but Node. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from '../process-costs.ts';
import { collectable, descriptorsOf, residentWithoutGarbage } from './inside.ts';
import { keyOf, openFolder, serving } from './place.ts';
import type { FromClient, StreamsToOpen, ToClient } from './streams-client.ts';
import { holds, timely, type Trial, type Verdict } from './trial.ts';

const STREAMS = { short: 1_000, long: 10_000 } as const;
const MOST_KIB = 30;
const TIMES_BARE = 3;
/** `OpenStreams`: a comment every 15 seconds. So long we look. */
const KEEP_ALIVE_MS = 15_000;
const LATE_MS = 3_000;
const MOST_OF_A_CORE = 0.2;
const FREED_MS = 5_000;
const AT_ONCE = 20;
/** Before anything is measured: what the first streams load stays. */
const WARM = 20;

export const idleStreams: Trial = {
  name: 'idle-streams',
  async run({ short, progress }) {
    const count = STREAMS[short ? 'short' : 'long'];
    progress('a bare server');
    const bare = await bareCost(count);
    const folder = openFolder('streams');
    try {
      const config = folder.configure({ limits: { maxSessions: 2 * count } });
      const place = { config, dataDir: join(folder.path, 'data'), env: collectable };
      // Nobody has more than a tenth of all sessions.
      const keys = await Promise.all(Array.from({ length: 6 }, (_, at) => keyOf(place, 'user', `agent-${at}`)));
      return await serving(place, async ({ url, pid }) => {
        const client = new StreamsClient();
        try {
          await client.open({ url: `${url}/mcp`, streams: await sessions(url, keys, WARM) });
          const resident = await residentWithoutGarbage(pid);
          const descriptors = descriptorsOf(pid);
          const opened = await client.open({ url: `${url}/mcp`, streams: await sessions(url, keys, count) });
          progress(`${opened.open} streams`);
          const kib = ((await residentWithoutGarbage(pid)) - resident) / count / 1024;
          const { arrivals: first } = await client.count();
          const [from, spent] = [performance.now(), cpuSeconds(pid)];
          await pause(KEEP_ALIVE_MS + LATE_MS);
          const cores = (cpuSeconds(pid) - spent) / ((performance.now() - from) / 1000);
          const kept = await client.count();
          const quiet = kept.arrivals.filter((times, at) => times <= (first[at] ?? 0)).length;
          await client.close();
          const freedMs = await freed(pid, descriptors - WARM);
          return [
            holds(`${count} streams open`, opened.open === count + WARM, `${opened.open} ${opened.refused.join(', ')}`),
            ...judgeCost(kib, bare),
            holds(
              'each hears something within 15 s',
              quiet === 0 && kept.ended === 0,
              `${quiet} did not, ${kept.ended} ended`,
            ),
            timely(`at most ${MOST_OF_A_CORE} of a core`, cores <= MOST_OF_A_CORE, cores.toFixed(2)),
            timely(`descriptors are free within ${FREED_MS} ms`, freedMs <= FREED_MS, `${Math.round(freedMs)} ms`),
          ];
        } finally {
          client.end();
        }
      });
    } finally {
      folder.remove();
    }
  },
};

/** Per stream, in KiB of resident memory without garbage. */
function judgeCost(kib: number, bare: number): readonly Verdict[] {
  const seen = `${kib.toFixed(1)} KiB, a bare server ${bare.toFixed(1)} KiB`;
  return [
    timely(`a stream costs at most ${MOST_KIB} KiB`, kib <= MOST_KIB, seen),
    timely(`and at most ${TIMES_BARE} times what it costs a bare server`, kib <= TIMES_BARE * bare, seen),
  ];
}

const INITIALIZE = JSON.stringify({
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'faults', version: '1' } },
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

async function bareCost(count: number): Promise<number> {
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

async function freed(pid: number, wanted: number): Promise<number> {
  const since = performance.now();
  for (;;) {
    const ms = performance.now() - since;
    // A few connections of others come and go.
    if (descriptorsOf(pid) <= wanted + AT_ONCE || ms > 2 * FREED_MS) return ms;
    await pause(20);
  }
}

/** The runner's side of `streams-client.ts`. */
class StreamsClient {
  readonly #process: ChildProcess = fork(join(import.meta.dirname, 'streams-client.ts'));

  open(open: StreamsToOpen): Promise<FromClient> {
    return this.#ask({ open });
  }

  count(): Promise<FromClient> {
    return this.#ask({ count: true });
  }

  close(): Promise<FromClient> {
    return this.#ask({ close: true });
  }

  end(): void {
    this.#process.disconnect();
  }

  async #ask(message: ToClient): Promise<FromClient> {
    this.#process.send(message);
    const [answer] = (await once(this.#process, 'message')) as [FromClient];
    return answer;
  }
}
