/**
 * `npm run conformance`: the official MCP suite, once per revision that it has a set of requirements for. Prints every
 * scenario and ends with `conformance: N passed, N failed`; exits 1 when anything failed. `--only` runs one part:
 *
 *   direct         suite ── shim (adds the key) ── chatelaine serve
 *   behind         suite ── shim ── chatelaine serve ── shim (adds the key, limits the era) ── chatelaine serve
 *   client         the end user of a scenario ── chatelaine serve ── suite
 *   authorization  suite ── chatelaine serve with `publicUrl` ── somebody who signs in and consents
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runBehind } from './behind.ts';
import { runClient } from './client.ts';
import expectedCounts from './expected-counts.json' with { type: 'json' };
import { freePort } from '../test/loopback.ts';
import { Person } from './person.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { openShim } from './shim.ts';
import { runAuthorizationSuite, runSuite } from './suite.ts';
import { Tally } from './tally.ts';

// The whole takes three minutes: the short form that every suite here has is the whole.
const { only } = parseArgs({ options: { short: { type: 'boolean' }, only: { type: 'string' } } }).values;

const results = join(import.meta.dirname, '..', 'out', 'conformance');
const tally = new Tally();
const { authorization, behind, client, ...revisions } = expectedCounts;

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  direct: runDirect,
  behind: () => runBehind(revisions, behind, tally, results),
  client: () => runClient(client, tally, results),
  authorization: runAuthorization,
};
for (const [name, run] of Object.entries(PARTS)) {
  if (only !== undefined && only !== name) continue;
  try {
    await run();
  } catch (error) {
    tally.count(`${name}: ${error instanceof Error ? error.message : String(error)}`, false);
  }
}
console.log(`\nconformance: ${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;

async function runDirect(): Promise<void> {
  const shim = await openShim();
  try {
    // The shim passes `Host` on as it came, so the server must know its name.
    const server = await startServer(join(import.meta.dirname, 'fixture'), { allowedHosts: [shim.host] });
    try {
      shim.forwardTo({ origin: server.url, key: server.key });
      await expectRefusalWithoutKey(server);
      for (const [revision, expected] of Object.entries(revisions)) {
        const started = performance.now();
        const run = await runSuite(`http://${shim.host}/mcp`, revision, join(results, revision));
        tally.report(`MCP ${revision}`, run, expected, started);
      }
    } finally {
      await server.stop();
    }
  } finally {
    await shim.close();
  }
}

/** All that follows counts only because the same requests without the shim get nowhere. */
async function expectRefusalWithoutKey(server: ServerProcess): Promise<void> {
  const { status } = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  tally.count(`Without a key the server answers ${status}, as it should with 401.`, status === 401);
}

/** The suite as a client that a person lets in, with a browser that a script moves. */
async function runAuthorization(): Promise<void> {
  const server = await startServer(join(import.meta.dirname, 'authorization'), { issues: true });
  try {
    const person = await Person.make(server, 'ann');
    const started = performance.now();
    const program = { id: 'conformance', port: await freePort() };
    const visit = (address: string): Promise<void> => person.letInAt(address);
    const run = await runAuthorizationSuite(server.url, program, visit, join(results, 'authorization'));
    tally.report('Authorization server', run, authorization, started);
  } finally {
    await server.stop();
  }
}
