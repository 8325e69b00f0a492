/**
 * A tool of an MCP server behind: through Chatelaine, and through a proxy on undici that only forwards. The server, of
 * the stateless era, is a process of its own, whose CPU time is nobody's.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { echoCalls } from '../data/calls.ts';
import { learn } from '../load/exchanges.ts';
import { compare, type Comparison } from '../measure/compare.ts';
import { atLeast, goal, short, shortSpread, type Gate, type Goal } from '../report/gate.ts';
import { ECHO_DOOR, echoDocuments, originOf, proxy, untilListed, withEcho } from '../subjects/federation.ts';
import { start, type Running } from '../subjects/subject.ts';
import type { Bench, Findings, Scenario } from './scenario.ts';

const WHAT = 'tools/call of an MCP server behind';
/** Floors of C against the bare proxy, by connections: some three quarters of the least that several runs on a busy machine showed. */
const FLOORS: Readonly<Record<number, number>> = { 1: 0.05, 16: 0.1, 64: 0.12 };
/** Of the proxy's requests a second, at 16 connections and more. */
const WANTED = 0.7;
const HEADER = [
  ...['c', 'req/s', 'CPU µs', 'p50 ms', 'p99 ms', 'R / proxy', 'C / proxy', 'proxy req/s', 'proxy CPU µs'],
] as const;

export const federation: Scenario = {
  name: 'federation',
  run: (bench) =>
    withEcho(async (echo) => {
      const file = join(bench.folder, 'federation.yaml');
      await writeFile(file, echoDocuments(echo));
      const running: Running[] = [];
      try {
        running.push(await start(proxy, originOf(echo)), await start(bench.chatelaine, file));
        for (const subject of running) {
          const calls = echoCalls(subject.name === 'proxy' ? '/mcp' : ECHO_DOOR);
          await untilListed(subject, calls);
          bench.generator.target(subject.name, subject.port, await learn(subject, calls));
        }
        return await measured(bench, running);
      } finally {
        await Promise.all(running.map((subject) => subject.stop()));
      }
    }),
};

async function measured(bench: Bench, running: readonly Running[]): Promise<Findings> {
  const rows: (readonly string[])[] = [];
  const gates: (Gate | Goal)[] = [{ what: `${WHAT}: every reply is the right one`, seen: 'yes', passed: true }];
  for (const connections of bench.connections) {
    const floor = FLOORS[connections] ?? 0;
    const isBelow = (sofar: Comparison): boolean => sofar.thriftAtBest('chatelaine', 'proxy') < floor;
    const comparison = await compare(bench.generator, running, connections, bench.effort, isBelow);
    rows.push(rowOf(connections, comparison));
    const where = `${WHAT}, c=${connections}`;
    const speed = comparison.speed('chatelaine', 'proxy').median;
    gates.push(atLeast(`${where}: C against a bare proxy`, comparison.thriftAtBest('chatelaine', 'proxy'), floor));
    if (connections >= 16) gates.push(goal(atLeast(`${where}: R against a bare proxy`, speed, WANTED)));
  }
  return { tables: [{ title: WHAT, header: HEADER, rows }], gates };
}

function rowOf(connections: number, comparison: Comparison): readonly string[] {
  const figure = (of: 'perSecond' | 'cpu' | 'p50' | 'p99', name = 'chatelaine'): string =>
    short(comparison.figure(name, of).median);
  return [
    ...[String(connections), figure('perSecond'), figure('cpu'), figure('p50'), figure('p99')],
    ...[shortSpread(comparison.speed('chatelaine', 'proxy')), shortSpread(comparison.thrift('chatelaine', 'proxy'))],
    ...[figure('perSecond', 'proxy'), figure('cpu', 'proxy')],
  ];
}
