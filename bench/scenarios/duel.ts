/**
 * Chatelaine, the bare server and, where it is installed, MCP Toolbox under the same load. The bare
 * server gives bytes that Chatelaine gave, so that both write the same.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { learn, withBody, type Call } from '../load/exchanges.ts';
import { compare, type Comparison } from '../measure/compare.ts';
import { atLeast, goal, short, shortSpread, type Gate, type Goal } from '../report/gate.ts';
import { bare } from '../subjects/starters.ts';
import { start, type Running, type Starter } from '../subjects/subject.ts';
import { checkingTokens } from '../subjects/toolbox.ts';
import type { Bench } from './scenario.ts';

export interface Duel {
  /** What is done, for the table and the gates: `tools/call, SQLite`. */
  readonly what: string;
  /** The text of the configuration. */
  readonly configuration: string;
  /** Documents that Chatelaine alone has, before the others. */
  readonly ours?: string;
  readonly calls: readonly Call[];
  readonly connections: readonly number[];
  /** At least this much of the bare server's thrift, by connections. */
  readonly floors: Readonly<Record<number, number>>;
  /** At least this multiple of Toolbox's thrift, at 16 connections and more. */
  readonly goal?: number;
  /** What Chatelaine and Toolbox are asked with until the calls bring their own; a starter's headers without it. */
  readonly credential?: string | undefined;
  /** At least these multiples of what Toolbox does, by connections, where it does the same work. */
  readonly toolbox?: { readonly floors: Multiples; readonly goals: Multiples };
}

/** Of Toolbox's requests per second, and of its thrift. */
export interface Multiples {
  readonly R: Readonly<Record<number, number>>;
  readonly C: Readonly<Record<number, number>>;
}

export interface DuelOutcome {
  readonly rows: readonly (readonly string[])[];
  readonly gates: readonly (Gate | Goal)[];
  readonly comparisons: ReadonlyMap<number, Comparison>;
}

export const DUEL_HEADER = [
  ...['what', 'c', 'req/s', 'CPU µs', 'p50 ms', 'p99 ms'],
  ...['R / bare', 'C / bare', 'R / Toolbox', 'C / Toolbox', 'Toolbox req/s', 'Toolbox CPU µs'],
] as const;

export async function duel(bench: Bench, plan: Duel): Promise<DuelOutcome> {
  const file = join(bench.folder, `${plan.what.replaceAll(/\W+/g, '-')}.yaml`);
  const own = `${file}.own.yaml`;
  await writeFile(file, plan.configuration);
  await writeFile(own, `${plan.ours ?? ''}${plan.configuration}`);
  const running: Running[] = [];
  try {
    for (const starter of [bench.chatelaine, ...(bench.toolbox === undefined ? [] : [bench.toolbox])]) {
      const isOurs = starter === bench.chatelaine;
      const subject = await start(withCredential(starter, plan.credential), isOurs ? own : file);
      running.push(subject);
      const exchanges = await learn(subject, plan.calls);
      bench.generator.target(subject.name, subject.port, exchanges);
      if (starter === bench.chatelaine)
        running.unshift(await startBare(bench, `${file}.body`, plan, exchanges[0]?.body));
    }
    const comparisons = new Map<number, Comparison>();
    for (const connections of plan.connections) {
      const floor = plan.floors[connections] ?? 0;
      const isBelow = (sofar: Comparison): boolean => sofar.thriftAtBest('chatelaine', 'bare') < floor;
      comparisons.set(connections, await compare(bench.generator, running, connections, bench.effort, isBelow));
    }
    return { comparisons, rows: rowsOf(plan, comparisons), gates: gatesOf(plan, comparisons) };
  } finally {
    await Promise.all(running.map((subject) => subject.stop()));
  }
}

function withCredential(starter: Starter, credential: string | undefined): Starter {
  if (credential === undefined) return starter;
  const checking = starter.name === 'toolbox' ? checkingTokens(starter) : starter;
  return { ...checking, headers: { Authorization: `Bearer ${credential}` } };
}

async function startBare(
  bench: Bench,
  file: string,
  { calls }: Duel,
  body: Uint8Array = new Uint8Array(),
): Promise<Running> {
  await writeFile(file, body);
  const subject = await start(bare, file);
  // With the headers that Chatelaine gets: as many bytes in as out.
  const door = { port: subject.port, headers: bench.chatelaine.headers };
  bench.generator.target(subject.name, subject.port, withBody(door, calls, body));
  return subject;
}

const rowsOf = ({ what }: Duel, comparisons: ReadonlyMap<number, Comparison>): string[][] =>
  [...comparisons].map(([connections, comparison]) => {
    const figure = (of: 'perSecond' | 'cpu' | 'p50' | 'p99', name = 'chatelaine'): string =>
      comparison.has(name) ? short(comparison.figure(name, of).median) : '–';
    const against = (anchor: string): string[] =>
      comparison.has(anchor)
        ? [shortSpread(comparison.speed('chatelaine', anchor)), shortSpread(comparison.thrift('chatelaine', anchor))]
        : ['–', '–'];
    return [
      ...[what, String(connections), figure('perSecond'), figure('cpu'), figure('p50'), figure('p99')],
      ...[...against('bare'), ...against('toolbox'), figure('perSecond', 'toolbox'), figure('cpu', 'toolbox')],
    ];
  });

function gatesOf(
  { what, floors, goal: aim, toolbox }: Duel,
  comparisons: ReadonlyMap<number, Comparison>,
): (Gate | Goal)[] {
  // A wrong reply would have ended the run: this one says that it did not.
  const gates: (Gate | Goal)[] = [{ what: `${what}: every reply is the right one`, seen: 'yes', passed: true }];
  for (const [connections, comparison] of comparisons) {
    const where = `${what}, c=${connections}`;
    const floor = floors[connections];
    if (floor !== undefined)
      gates.push(atLeast(`${where}: C against bare node:http`, comparison.thriftAtBest('chatelaine', 'bare'), floor));
    if (aim !== undefined && comparison.has('toolbox') && connections >= 16)
      gates.push(goal(atLeast(`${where}: C against Toolbox`, comparison.thrift('chatelaine', 'toolbox').median, aim)));
    if (toolbox !== undefined && comparison.has('toolbox')) {
      gates.push(...against(where, comparison, connections, toolbox.floors));
      gates.push(...against(where, comparison, connections, toolbox.goals).map(goal));
    }
  }
  return gates;
}

function against(where: string, comparison: Comparison, connections: number, { R, C }: Multiples): readonly Gate[] {
  const gates: Gate[] = [];
  const [speed, thrift] = [R[connections], C[connections]];
  if (speed !== undefined)
    gates.push(atLeast(`${where}: R against Toolbox`, comparison.speed('chatelaine', 'toolbox').median, speed));
  if (thrift !== undefined)
    gates.push(atLeast(`${where}: C against Toolbox`, comparison.thrift('chatelaine', 'toolbox').median, thrift));
  return gates;
}
