/**
 * One of twenty APIs behind tools takes half a minute for everything (D4): whoever calls the others does not notice.
 * What stands behind a tool is a `Behind`: another kind, such as servers of MCP, is one more of them.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { serve } from '../http-server.ts';
import { judgeKept } from './judge.ts';
import { between, keptAlive, SteadyLoad } from './load.ts';
import { callTool, keyOf, openFolder, serving } from './place.ts';
import { timely, type Trial } from './trial.ts';

const COUNT = 20;
const PER_SECOND = 38;
/** Of the slow one alone: at any moment many of its calls wait. */
const SLOW_PER_SECOND = 5;
const BEFORE_MS = 5_000;
const FAULT_MS = { short: 10_000, long: 35_000 } as const;
/** Longer than any trial: it never answers in time. */
const SLOW_MS = 30_000;
const TOOL_TIMEOUT_MS = 5_000;
const TOLERANCE = { factor: 1.2, leastMs: 50 };

/** What stands behind twenty tools, `tool-0` to `tool-19`. */
interface Behind extends AsyncDisposable {
  readonly documents: string;
  /** From now on the first of them is slow. */
  slow(): void;
}

async function apis(): Promise<Behind> {
  let isSlow = false;
  const waiting = new Set<NodeJS.Timeout>();
  const server = await serve(({ url }, response) => {
    const answer = (): void =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"fine":true}');
    if (isSlow && url === '/0/') waiting.add(setTimeout(answer, SLOW_MS));
    else answer();
  });
  const documents = Array.from(
    { length: COUNT },
    (_, at) => `kind: source
name: api-${at}
type: http
baseUrl: ${server.url}/${at}
allowPrivateNetworks: true
---
kind: tool
name: tool-${at}
type: http
source: api-${at}
description: Asks API ${at}.
method: GET
path: /
timeout: ${TOOL_TIMEOUT_MS / 1000}s
---
`,
  ).join('');
  return {
    documents,
    slow: () => (isSlow = true),
    async [Symbol.asyncDispose]() {
      for (const timer of waiting) clearTimeout(timer);
      await server[Symbol.asyncDispose]();
    },
  };
}

const trial = (name: string, start: () => Promise<Behind>): Trial => ({
  name,
  async run({ short }) {
    await using behind = await start();
    const folder = openFolder(name);
    try {
      const place = { config: folder.configure({}, behind.documents), dataDir: join(folder.path, 'data') };
      const key = await keyOf(place);
      return await serving(place, async ({ url }) => {
        const agent = keptAlive(512);
        const call = (tool: number): ReturnType<typeof callTool> => callTool(url, key, `tool-${tool}`, {}, agent);
        const others = new SteadyLoad(PER_SECOND, (count) => call(1 + (count % (COUNT - 1))));
        const first = new SteadyLoad(SLOW_PER_SECOND, () => call(0));
        await pause(2_000);
        const since = performance.now();
        await pause(BEFORE_MS);
        const struckAt = performance.now();
        behind.slow();
        await pause(FAULT_MS[short ? 'short' : 'long']);
        const ended = performance.now();
        await Promise.all([others.stop(), first.stop()]);
        agent.destroy();
        const slow = between(first.samples, struckAt);
        const slowest = Math.round(Math.max(...slow.map(({ ms }) => ms)));
        const { samples } = others;
        return [
          timely(
            `calls of the slow one end with their timeout of ${TOOL_TIMEOUT_MS} ms`,
            slow.every(({ status, ms }) => status >= 500 && ms < TOOL_TIMEOUT_MS + 1_000),
            `${slow.length} calls, ${slowest} ms at most`,
          ),
          ...judgeKept(
            `calls of the other ${COUNT - 1}`,
            between(samples, since, struckAt),
            between(samples, struckAt, ended),
            TOLERANCE,
          ),
        ];
      });
    } finally {
      folder.remove();
    }
  },
});

export const upstreamTrials: readonly Trial[] = [trial('slow-api', apis)];
