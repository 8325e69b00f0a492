/** One row by its key, through each door: what an agent does all day. */
import { startPostgres } from '../../test/postgres-server.ts';
import { mcpCalls, restCalls, statelessCalls } from '../data/calls.ts';
import { fillPostgres } from '../data/hotels.ts';
import { postgresTools, sqliteTools } from '../data/tools.ts';
import { duel, DUEL_HEADER, type Duel } from './duel.ts';
import type { Bench, Findings, Scenario } from './scenario.ts';

const TOOLS = 10;

/**
 * Floors of C against the bare server, by connections, with every call flushed to the audit log: some half of what a
 * quiet machine of two cores shows. With few connections the same commit has shown two thirds of that on a busy one
 * (docs/performance.md): they catch what costs a call half as much again, and what is finer is counted.
 */
const FLOORS = {
  rest: { 1: 0.09, 16: 0.125, 64: 0.18 },
  call: { 1: 0.09, 16: 0.125, 64: 0.18 },
  stateless: { 16: 0.12 },
  postgres: { 1: 0.055, 16: 0.075, 64: 0.085 },
};

async function found(bench: Bench, plan: Duel): Promise<Findings> {
  const { rows, gates } = await duel(bench, plan);
  return { tables: [{ title: plan.what, header: DUEL_HEADER, rows }], gates };
}

const rest: Scenario = {
  name: 'rest',
  run: (bench) =>
    found(bench, {
      what: 'REST invoke, SQLite',
      configuration: sqliteTools(bench.hotels, TOOLS),
      calls: restCalls(TOOLS),
      connections: bench.connections,
      floors: FLOORS.rest,
      goal: 2.5,
    }),
};

const call: Scenario = {
  name: 'call',
  run: (bench) =>
    found(bench, {
      what: 'MCP tools/call, SQLite',
      configuration: sqliteTools(bench.hotels, TOOLS),
      calls: mcpCalls(TOOLS),
      connections: bench.connections,
      floors: FLOORS.call,
      goal: 3,
    }),
};

const stateless: Scenario = {
  name: 'call-stateless',
  run: (bench) =>
    found(bench, {
      what: 'MCP 2026-07-28 tools/call, SQLite',
      configuration: sqliteTools(bench.hotels, TOOLS),
      calls: statelessCalls(TOOLS),
      connections: [16],
      floors: FLOORS.stateless,
    }),
};

const postgres: Scenario = {
  name: 'call-postgres',
  async run(bench) {
    const server = await startPostgres();
    try {
      await fillPostgres(server);
      return await found(bench, {
        what: 'MCP tools/call, PostgreSQL',
        configuration: postgresTools(server, TOOLS),
        calls: mcpCalls(TOOLS),
        connections: bench.connections,
        floors: FLOORS.postgres,
      });
    } finally {
      await server.stop();
    }
  },
};

export const callScenarios: readonly Scenario[] = [rest, call, stateless, postgres];
