/**
 * The signing key changes while tokens are refreshed and tools are called with them: nobody is refused. Each key is
 * published for one interval before it signs, as in life, where it is five minutes; `now` says that this is enough.
 */
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { sqliteTools, toolName } from '../data/tools.ts';
import { Families, refreshAll } from '../load/families.ts';
import { atLeast, atMost, short, type Gate } from '../report/gate.ts';
import { startIssuing, type Issuing } from '../subjects/issuing.ts';
import type { Findings, Scenario } from './scenario.ts';

const FAMILIES = 32;
const REFRESHING = 4;
const CALLING = 8;
const SCOPE = 'hotels.read';

interface CallRun {
  calls: number;
  readonly failed: string[];
  /** The keys that signed what was called with. */
  readonly keys: Set<string>;
}

export const rotation: Scenario = {
  name: 'rotation',
  async run(bench): Promise<Findings> {
    const { rotations, everyMs } = bench.rotation;
    const issuing = await startIssuing({ folder: bench.folder, tools: sqliteTools(bench.hotels, 1, [SCOPE]) });
    try {
      const families = new Families(await issuing.signIns(FAMILIES, SCOPE));
      const ended = new AbortController();
      const calling: CallRun = { calls: 0, failed: [], keys: new Set() };
      const load = Promise.all([
        refreshAll(issuing.url, families, REFRESHING, ended.signal),
        callAll(issuing, families, calling, ended.signal),
      ]);
      await Promise.race([rotate(issuing, rotations, everyMs), load]);
      ended.abort();
      const [refreshed] = await load;
      const errors = [...refreshed.errors.keys()];
      const perSecond = (count: number): string => short((count / refreshed.elapsedMs) * 1000);
      return {
        tables: [
          {
            title: `a new signing key every ${everyMs / 1000} s`,
            header: ['rotations', 'keys seen', 'calls', 'calls/s', 'refreshes', 'refreshes/s', 'failed'],
            rows: [
              [
                ...[rotations, calling.keys.size, calling.calls].map(String),
                ...[perSecond(calling.calls), String(refreshed.refreshes), perSecond(refreshed.refreshes)],
                String(calling.failed.length + errors.length),
              ],
            ],
          },
        ],
        gates: gatesOf(rotations, calling, errors),
      };
    } finally {
      await issuing.stop();
    }
  },
};

function gatesOf(rotations: number, { failed, keys }: CallRun, errors: readonly string[]): Gate[] {
  const first = [...failed, ...errors][0];
  return [
    atMost(
      `rotation: requests that failed${first === undefined ? '' : ` (${first})`}`,
      failed.length + errors.length,
      0,
    ),
    // The first key and those that took its place: that it was a trial at all.
    atLeast('rotation: keys whose tokens were called with', keys.size, rotations + 1),
  ];
}

async function rotate(issuing: Issuing, rotations: number, everyMs: number): Promise<void> {
  for (let done = 0; done < rotations; done++) {
    await step(issuing, 'prepare', {});
    await pause(everyMs);
    await step(issuing, 'activate', { now: true });
    await step(issuing, 'retire', {});
  }
  // What the last one signed is called with as well.
  await pause(everyMs);
}

async function step({ url, adminKey }: Issuing, name: string, body: object): Promise<void> {
  const response = await fetch(new URL(`/api/v1/signing-keys/${name}`, url), {
    method: 'POST',
    headers: { Authorization: `Bearer ${adminKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${name} of a signing key: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

/** Calls a tool with the newest access tokens until `until` is aborted. */
async function callAll({ url }: Issuing, families: Families, run: CallRun, until: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CALLING });
  const caller = async (): Promise<void> => {
    while (!until.aborted && run.failed.length < 20) {
      const token = families.newestAccess();
      if (token === undefined) throw new Error('there are fewer families than connections');
      run.calls++;
      run.keys.add(keyOf(token));
      const said = await callOnce(agent, url, token);
      if (said !== undefined) run.failed.push(said);
    }
  };
  try {
    await Promise.all(Array.from({ length: CALLING }, caller));
  } finally {
    agent.destroy();
  }
}

const CALL = JSON.stringify({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name: toolName(0), arguments: { id: 7 } },
});

/** What was said instead of the right answer. */
function callOnce(agent: Agent, { hostname: host, port }: URL, token: string): Promise<string | undefined> {
  const headers = {
    ...{ Authorization: `Bearer ${token}`, Accept: 'application/json, text/event-stream' },
    ...{ 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(CALL) },
  };
  return new Promise((resolve) => {
    const options = { agent, host, port, method: 'POST', path: '/mcp', headers };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve(
          response.statusCode === 200 && text.includes('Grand Hotel 7') ? undefined : `${response.statusCode} ${text}`,
        ),
      );
      response.on('error', (error) => resolve(error.message));
    });
    request.on('error', (error) => resolve(error.message));
    request.end(CALL);
  });
}

const keyOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()) as { kid: string }).kid;
