/**
 * One of twenty APIs or MCP servers behind tools takes half a minute for everything (D4): whoever calls the others does
 * not notice, also where so many call the slow one that its calls would come to be all that run.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { judgeKept, judgeRecovery, type Answer, type Around } from './judge.ts';
import { around, ask, between, keptAlive, SteadyLoad } from './load.ts';
import { startNeighbour, type Neighbour } from './neighbour.ts';
import { asJson, callTool, keyOf, openFolder, serving } from './place.ts';
import { holds, timely, type Trial, type Verdict } from './trial.ts';
import { COUNT, slowApis, slowServers, TOOL_TIMEOUT_MS, type Behind } from './upstreams.ts';

const PER_SECOND = 19;
const MOST_AT_ONCE = 64;
/** Of the slow one alone: in its timeout more calls of it come than may run at once altogether. */
const SLOW_PER_SECOND = 10;
/** A timeout is a timer, and what follows from it takes a processor. */
const LATE_MS = 4_000;
const LISTS_PER_SECOND = 2;
const BEFORE_MS = 5_000;
const FAULT_MS = { short: 12_000, long: 35_000 } as const;
const AFTER_MS = 3_000;
const RECOVERY_MS = 5_000;
const TOLERANCE = { factor: 1.2, leastMs: 50 };

const trial = (name: string, start: () => Promise<Behind>): Trial => ({
  name,
  async run({ short }) {
    await using behind = await start();
    const folder = openFolder(name);
    try {
      const place = {
        config: folder.configure({ limits: { maxConcurrentCalls: MOST_AT_ONCE } }, behind.documents),
        dataDir: join(folder.path, 'data'),
      };
      const key = await keyOf(place);
      return await serving(place, async ({ url }) => {
        const agent = keptAlive(512);
        const call = (tool: number): Promise<Answer> => callTool(url, key, `tool-${tool}`, {}, agent);
        for (let tool = 0; tool < COUNT; tool++) await served(() => call(tool));
        const neighbour = await startNeighbour();
        const others = new SteadyLoad(PER_SECOND, (count) => call(1 + (count % (COUNT - 1))));
        const lists = new SteadyLoad(LISTS_PER_SECOND, () => listTools(url, key, agent));
        const first = new SteadyLoad(SLOW_PER_SECOND, () => call(0));
        await pause(2_000);
        const since = performance.now();
        await pause(BEFORE_MS);
        const struckAt = performance.now();
        behind.slow();
        await pause(FAULT_MS[short ? 'short' : 'long']);
        const mendedAt = performance.now();
        behind.quick();
        await pause(AFTER_MS);
        await Promise.all([others.stop(), lists.stop(), first.stop(), neighbour.stop()]);
        agent.destroy();
        const slow = between(first.samples, struckAt, mendedAt);
        const slowest = Math.round(Math.max(...slow.map(({ ms }) => ms)));
        const turnedAway = slow.filter(({ code }) => code === 'SOURCE_BUSY');
        const seen = ({ samples }: Pick<Neighbour, 'samples'>): Around => around(samples, since, struckAt, mendedAt);
        const kept = (what: string, load: SteadyLoad): readonly Verdict[] =>
          judgeKept(what, seen(load), TOLERANCE, seen(neighbour));
        return [
          timely(
            `calls of the slow one end with their timeout of ${TOOL_TIMEOUT_MS} ms`,
            slow.every(
              ({ at, ms, status }) => at + ms >= mendedAt || (status >= 500 && ms < TOOL_TIMEOUT_MS + LATE_MS),
            ),
            `${slow.length} calls, ${slowest} ms at most`,
          ),
          holds(
            'and are refused by 503 with Retry-After where it has its share of all that run',
            turnedAway.length > 0 && turnedAway.every(({ status, retryAfter }) => status === 503 && retryAfter === '1'),
            `${turnedAway.length}`,
          ),
          ...kept(`calls of the other ${COUNT - 1}`, others),
          ...kept('lists of tools', lists),
          ...judgeRecovery('calls of the one that was slow', first.samples, mendedAt, RECOVERY_MS),
        ];
      });
    } finally {
      folder.remove();
    }
  },
});

export const upstreamTrials: readonly Trial[] = [trial('slow-api', slowApis), trial('slow-server', slowServers)];

const FIRST_MS = 60_000;

/** Asks until it is: a server of MCP has to be asked first what it offers. */
async function served(question: () => Promise<Answer>): Promise<void> {
  const until = performance.now() + FIRST_MS;
  for (;;) {
    const { status, text } = await question();
    if (status === 200) return;
    if (performance.now() > until) throw new Error(`a tool cannot be called: ${status} ${text}`);
    await pause(100);
  }
}

function listTools(url: string, key: string, agent: ReturnType<typeof keptAlive>): Promise<Answer> {
  const { headers, body } = asJson(key, { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
  const question = { headers: { ...headers, accept: 'application/json, text/event-stream' }, ...(body && { body }) };
  return ask(new URL('/mcp', url), question, agent);
}
