/**
 * `npm run conformance`: the official MCP suite against the conformance fixture, once per revision
 * that it has a set of requirements for, and against the authorization server. Prints every scenario and
 * ends with `conformance: N passed, N failed`; exits 1 when anything failed.
 *
 *   suite (own process) ── shim (adds the key) ── chatelaine serve (own process)
 *   suite ── chatelaine serve with `publicUrl` ── somebody who signs in and consents
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import expectedCounts from './expected-counts.json' with { type: 'json' };
import { judge, type Expected, type Verdict } from './judge.ts';
import { freePort } from '../test/loopback.ts';
import { Person } from './person.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { openShim } from './shim.ts';
import { runAuthorizationSuite, runSuite, type SuiteRun } from './suite.ts';
import { table } from './table.ts';

// The whole takes seconds: the short form that every suite here has is the whole.
parseArgs({ options: { short: { type: 'boolean' } } });

const results = join(import.meta.dirname, '..', 'out', 'conformance');
const { authorization, ...revisions } = expectedCounts;
let passed = 0;
let failed = 0;

const shim = await openShim();
try {
  // The shim passes `Host` on as it came, so the server must know its name.
  const server = await startServer(join(import.meta.dirname, 'fixture'), { allowedHosts: [shim.host] });
  try {
    shim.forwardTo({ origin: server.url, key: server.key });
    await expectRefusalWithoutKey(server);
    for (const [revision, expected] of Object.entries(revisions)) await runRevision(revision, expected);
  } finally {
    await server.stop();
  }
  await runAuthorization(authorization);
} catch (error) {
  failed += 1;
  console.log(`✗ ${error instanceof Error ? error.message : String(error)}`);
} finally {
  await shim.close();
}
console.log(`conformance: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** All that follows counts only because the same requests without the shim get nowhere. */
async function expectRefusalWithoutKey(server: ServerProcess): Promise<void> {
  const { status } = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  if (status === 401) passed += 1;
  else failed += 1;
  console.log(`Without a key the server answers ${status}${status === 401 ? '' : ' instead of 401'}.\n`);
}

async function runRevision(revision: string, expected: Expected): Promise<void> {
  const started = performance.now();
  report(
    `MCP ${revision}`,
    await runSuite(`http://${shim.host}/mcp`, revision, join(results, revision)),
    expected,
    started,
  );
}

/** The suite as a client that a person lets in, with a browser that a script moves. */
async function runAuthorization(expected: Expected): Promise<void> {
  const server = await startServer(join(import.meta.dirname, 'authorization'), { issues: true });
  try {
    const person = await Person.make(server, 'ann');
    const started = performance.now();
    const client = { id: 'conformance', port: await freePort() };
    const visit = (address: string): Promise<void> => person.letInAt(address);
    const run = await runAuthorizationSuite(server.url, client, visit, join(results, 'authorization'));
    report('Authorization server', run, expected, started);
  } finally {
    await server.stop();
  }
}

function report(title: string, run: SuiteRun, expected: Expected, started: number): void {
  const verdicts = judge(run, expected);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${title}: ${verdicts.length} scenarios in ${seconds} s\n`);
  console.log(`${table(['scenario', 'checks', 'verdict'], verdicts.map(row))}\n`);
  for (const { scenario, faults } of verdicts) for (const fault of faults) console.log(`✗ ${scenario}: ${fault}`);
  for (const [reason, of] of Map.groupBy(Object.keys(expected.notOffered), (name) => expected.notOffered[name])) {
    console.log(`– not offered: ${of.join(', ')}\n  ${reason}`);
  }
  console.log();

  const faults = verdicts.reduce((sum, verdict) => sum + verdict.faults.length, 0);
  for (const verdict of verdicts) if (verdict.wanted !== undefined) passed += verdict.passed;
  failed += faults;
  if (run.exitCode !== 0 && faults === 0) {
    failed += 1;
    console.log(`✗ the suite ended with status ${run.exitCode}`);
  }
  if (faults > 0 || run.exitCode !== 0) console.log(`The suite's own words: ${run.log}\n`);
}

function row({ scenario, group, passed, wanted, faults }: Verdict): readonly string[] {
  const checks = wanted === undefined ? `${passed}` : `${passed}/${wanted}`;
  if (faults.length > 0) return [scenario, checks, 'FAILED'];
  return [scenario, checks, group === 'scored' ? 'passed' : group === 'unscored' ? 'passed (not scored)' : group];
}
