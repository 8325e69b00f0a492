/**
 * What a call leaves for full collections, in bytes: nothing, since whatever a call is made of ends with it. What does
 * not is moved to the old generation, copied twice, and costs far more than the call itself; no profile names it. So
 * it is counted: a literal with accessors, a `Map` that calls enter and leave, a report that waits for somebody.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { echoCalls, mcpCalls, restCalls } from '../data/calls.ts';
import { LIMITS, policies } from '../data/policies.ts';
import { sqliteTools } from '../data/tools.ts';
import { learn, type Call } from '../load/exchanges.ts';
import { atMost, short, type Gate } from '../report/gate.ts';
import { ECHO_DOOR, echoDocuments, untilListed, withEcho } from '../subjects/federation.ts';
import { start } from '../subjects/subject.ts';
import { withIssuer } from './authenticated.ts';
import type { Bench, Scenario } from './scenario.ts';

const PROBE = pathToFileURL(join(import.meta.dirname, 'heap-probe.mjs')).href;
const TOOLS = 10;
/** Few enough that what is on its way during a collection does not count much. */
const CONNECTIONS = 16;
const CALLS = 15_000;
/** Calls of a server behind last long enough that some meet two collections on their way. */
const MOST_BYTES = { here: 1024, behind: 4096 };

interface Passage {
  readonly what: string;
  readonly calls: readonly Call[];
  /** Documents beside the tools. */
  readonly documents?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isBehind?: boolean;
}

export const leftBehind: Scenario = {
  name: 'left-behind',
  run: (bench) =>
    withIssuer(({ authService, tokens, withTokens }) =>
      withEcho(async (echo) => {
        const rows: (readonly string[])[] = [];
        const gates: Gate[] = [];
        const passages: readonly Passage[] = [
          { what: 'MCP tools/call', calls: mcpCalls(TOOLS) },
          { what: 'REST invoke', calls: restCalls(TOOLS) },
          {
            ...{
              what: 'MCP tools/call with tokens under 100 policies and a limit',
              calls: withTokens(mcpCalls(TOOLS)),
            },
            ...{ documents: policies(100) + LIMITS + authService, headers: { Authorization: `Bearer ${tokens[0]}` } },
          },
          {
            ...{ what: 'MCP tools/call of a server behind', calls: echoCalls(ECHO_DOOR) },
            ...{ documents: `${echoDocuments(echo)}---\n`, isBehind: true },
          },
        ];
        for (const passage of passages) {
          const { bytes, calls } = await measured(bench, passage);
          rows.push([passage.what, String(calls), short(bytes)]);
          const most = passage.isBehind === true ? MOST_BYTES.behind : MOST_BYTES.here;
          gates.push(atMost(`${passage.what}: bytes that each call leaves in the old generation`, bytes, most));
        }
        return {
          tables: [{ title: `left by calls, c=${CONNECTIONS}`, header: ['what', 'calls', 'bytes each'], rows }],
          gates,
        };
      }),
    ),
};

async function measured(bench: Bench, passage: Passage): Promise<{ readonly bytes: number; readonly calls: number }> {
  const { what, calls, documents = '', headers = bench.chatelaine.headers, isBehind = false } = passage;
  const file = join(bench.folder, `left-behind-${documents.length}.yaml`);
  await writeFile(file, documents + sqliteTools(bench.hotels, TOOLS));
  const record = join(bench.folder, 'grown');
  const probe = { NODE_OPTIONS: `--import=${PROBE}`, HEAP_RECORD: record };
  const subject = await start({ ...bench.chatelaine, headers }, file, probe);
  const grown = async (): Promise<number> => Number(await readFile(record, 'utf8'));
  try {
    if (isBehind) await untilListed(subject, calls);
    bench.generator.target(subject.name, subject.port, await learn(subject, calls));
    // What is learned in the beginning stays, and is no call's.
    for (let warm = 0; warm < CALLS;) warm += await some(bench, subject.name);
    const before = await grown();
    if (before === 0) throw new Error(`${what}: the probe has not seen the start`);
    let answered = 0;
    while (answered < CALLS) answered += await some(bench, subject.name);
    return { bytes: ((await grown()) - before) / answered, calls: answered };
  } finally {
    await subject.stop();
  }
}

async function some({ generator }: Bench, name: string): Promise<number> {
  const { requests } = await generator.run(name, CONNECTIONS, 500, () => undefined);
  return requests;
}
