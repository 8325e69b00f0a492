/**
 * bench: what Chatelaine costs, beside bare node:http and, where it is installed, MCP Toolbox.
 *
 *   npm run bench -- [--short | --full] [--with-toolbox] [--only SCENARIO] [--profile FOLDER]
 *
 * `subjects/` starts the servers, `load/` sends requests from a process of its own and compares every
 * reply with the right one, `measure/` interleaves the rounds and reads CPU time and memory,
 * `scenarios/` says what is asked and what must hold, `data/` is what the servers serve.
 *
 * Prints tables, writes the same as JSON to `bench/out/`, ends with `bench: N passed, N failed`
 * (gates) and exits 1 when one failed. How to read the figures: docs/performance.md.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillSqlite } from './data/hotels.ts';
import { Generator } from './load/generator.ts';
import { EXTENT, readOptions, type Options } from './options.ts';
import type { Gate, Goal } from './report/gate.ts';
import { printed } from './report/table.ts';
import type { Bench, Findings, Scenario } from './scenarios/scenario.ts';
import { install } from './subjects/installation.ts';
import { chatelaine } from './subjects/starters.ts';
import { installedToolbox, installToolbox } from './subjects/toolbox.ts';

if (!existsSync('/proc/self/stat')) throw new Error('CPU times are read from /proc, which this system lacks');
// By `exit`, so that neither servers nor files outlive a run that is broken off.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const options = orExit(() => readOptions(process.argv.slice(2)));
if (options.withToolbox) installToolbox();
const toolbox = installedToolbox();

const began = new Date();
const found = new Map<string, Findings>();
const folder = mkdtempSync(join(tmpdir(), 'chatelaine-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const generator = new Generator();
try {
  const hotels = join(folder, 'hotels.db');
  install();
  fillSqlite(hotels);
  const bench: Bench = {
    ...EXTENT[options.size],
    ...{ generator, folder, hotels, toolbox },
    chatelaine: await chatelaine(folder, options.profiles),
  };
  if (toolbox === undefined)
    console.log('MCP Toolbox is not installed, so ratios to it are left out; `--with-toolbox` installs it.\n');
  for (const scenario of options.scenarios) {
    const findings = await scenario.run(bench).catch((error: unknown) => brokenOff(scenario, error));
    found.set(scenario.name, findings);
    for (const table of findings.tables) console.log(`${printed(table)}\n`);
  }
} finally {
  generator.stop();
}

const judged = [...found.values()].flatMap(({ gates }) => gates);
// Goals are aims of this stage, measured against another product: they gate where somebody asks for it.
const gates = judged.filter((gate) => options.size === 'full' || !('goal' in gate));
for (const gate of judged)
  console.log(`${gates.includes(gate) ? mark(gate) : `goal ${mark(gate)}`} ${gate.what}: ${gate.seen}`);
await writeReport();
const failed = gates.filter((gate) => !gate.passed).length;
console.log(`\nbench: ${gates.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** A wrong command line ends with its one sentence. */
function orExit(read: () => Options): Options {
  try {
    return read();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

/** A scenario that met a wrong reply, or a server that would not run, fails as one gate; the others go on. */
function brokenOff({ name }: Scenario, error: unknown): Findings {
  const gate = { what: `${name} runs to its end`, seen: (error as Error).stack ?? String(error), passed: false };
  return { tables: [], gates: [gate] };
}

function mark({ passed }: Gate | Goal): string {
  return passed ? '✓' : '✗';
}

async function writeReport(): Promise<void> {
  const out = join(import.meta.dirname, 'out');
  await mkdir(out, { recursive: true });
  const report = {
    began: began.toISOString(),
    seconds: Math.round((Date.now() - began.getTime()) / 1000),
    size: options.size,
    machine: { cores: availableParallelism(), platform: process.platform, node: process.version },
    scenarios: Object.fromEntries(found),
  };
  await writeFile(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
}
