/**
 * `npm run conformance:clients`: MCP clients that others wrote, against a running server. Each lists
 * tools, calls them, reads back answers that are known, and is refused with a wrong key. Those that can
 * sign in by themselves do so against another server, from its URL alone, and step up in scope. Ends with
 * `conformance:clients: N passed, N failed`; exits 1 when anything failed.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Person } from '../person.ts';
import { startServer, type ServerProcess } from '../server-process.ts';
import { openShim } from '../shim.ts';
import { table } from '../table.ts';
import { aiSdk } from './ai-sdk.ts';
import { check, STEPS, type Step } from './checks.ts';
import type { ForeignClient } from './foreign-client.ts';
import { inspectorSession, inspectorStateless } from './inspector.ts';
import { inspectorSigningIn } from './inspector-oauth.ts';
import { mcpRemote } from './mcp-remote.ts';
import { mcpRemoteSigningIn } from './mcp-remote-oauth.ts';
import { writeMoons } from './moons.ts';
import { sdkV1 } from './sdk-v1.ts';
import { sdkV2Session, sdkV2Stateless } from './sdk-v2.ts';
import { sdkV2SigningIn } from './sdk-v2-oauth.ts';
import { checkSignIn, SIGN_IN_STEPS, type SigningInClient } from './signing-in.ts';
import { toolboxSdk } from './toolbox-sdk.ts';
import { Wire } from './wire.ts';

const CLIENTS: readonly ForeignClient[] = [
  toolboxSdk,
  aiSdk,
  sdkV2Stateless,
  sdkV2Session,
  sdkV1,
  inspectorStateless,
  inspectorSession,
  mcpRemote,
];

const SIGNING_IN: readonly SigningInClient[] = [sdkV2SigningIn, inspectorSigningIn, mcpRemoteSigningIn];

// The whole takes seconds: the short form that every suite here has is the whole.
parseArgs({ options: { short: { type: 'boolean' } } });

const wire = new Wire();
const shim = await openShim();
const rows: string[][] = [];
const signedIn: string[][] = [];
const faults: string[] = [];
let passed = 0;
try {
  const server = await startServer(join(import.meta.dirname, 'moons'), {
    allowedHosts: [shim.host],
    prepare: writeMoons,
  });
  try {
    shim.forwardTo({ origin: server.url, answered: (request, status) => wire.answered(request, status) });
    for (const client of CLIENTS) await run(client, server.key);
  } finally {
    await server.stop();
  }
  await signInAll();
} catch (error) {
  faults.push(error instanceof Error ? error.message : String(error));
} finally {
  await shim.close();
}
console.log(`${table(['client', ...STEPS], rows)}\n`);
console.log(`${table(['signs in from the URL', 'revision', ...SIGN_IN_STEPS], signedIn)}\n`);
for (const fault of faults) console.log(`✗ ${fault}`);
console.log(`conformance:clients: ${passed} passed, ${faults.length} failed`);
process.exitCode = faults.length === 0 ? 0 : 1;

async function run(client: ForeignClient, key: string): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'chatelaine-client-'));
  try {
    const name = `${client.name} ${await versionOf(client.name)}`;
    const found = await check(client, { origin: `http://${shim.host}`, key, home }, wire);
    const good = (step: Step): string => (step === 'revision' ? client.revision : 'passed');
    rows.push([name, ...STEPS.map((step) => (found.has(step) ? 'FAILED' : good(step)))]);
    passed += STEPS.length - found.size;
    for (const [step, fault] of found) faults.push(`${name} (${client.revision}), ${step}: ${fault}`);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Each with a person of its own, whose statuses the wire shows. */
async function signInAll(): Promise<void> {
  const guarded = await startServer(join(import.meta.dirname, 'guarded'), { issues: true, prepare: writeMoons });
  try {
    for (const [at, client] of SIGNING_IN.entries())
      await signIn(client, guarded, await Person.make(guarded, `person${at}`));
  } finally {
    await guarded.stop();
  }
}

async function signIn(client: SigningInClient, guarded: ServerProcess, person: Person): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'chatelaine-client-'));
  try {
    const name = `${client.name} ${await versionOf(client.name)}`;
    const found = await checkSignIn(client, guarded, { url: `${guarded.url}/mcp`, home, person });
    signedIn.push([name, client.revision, ...SIGN_IN_STEPS.map((step) => (found.has(step) ? 'FAILED' : 'passed'))]);
    passed += SIGN_IN_STEPS.length - found.size;
    for (const [step, fault] of found) faults.push(`${name}, ${step}: ${fault}`);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function versionOf(name: string): Promise<string> {
  const manifest = join(import.meta.dirname, '..', 'node_modules', name, 'package.json');
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}
