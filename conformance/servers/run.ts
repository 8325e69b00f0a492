/**
 * `npm run conformance:servers`: MCP servers that others wrote, behind one gateway, used by clients that others wrote:
 * each client lists and calls at the door of each server, and the official client does in either era what goes beyond.
 * Ends with `conformance:servers: N passed, N failed`; exits 1 when anything failed.
 *
 *   client ── chatelaine serve ── server over HTTP, or a child process
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Client } from '@modelcontextprotocol/client';
import { aiSdk } from '../clients/ai-sdk.ts';
import type { ForeignClient } from '../clients/foreign-client.ts';
import { inspectorSession, inspectorStateless } from '../clients/inspector.ts';
import { sdkV2Session, sdkV2Stateless } from '../clients/sdk-v2.ts';
import { startGateway } from '../gateway.ts';
import type { ServerProcess } from '../server-process.ts';
import { table } from '../table.ts';
import { openForeignServers, type ForeignServer } from './foreign-servers.ts';
import { connectClient, ofEverything, ofFilesystem, type Step } from './in-depth.ts';

const CLIENTS: readonly ForeignClient[] = [sdkV2Stateless, sdkV2Session, aiSdk, inspectorStateless, inspectorSession];

// The whole takes half a minute: the short form that every suite here has is the whole.
parseArgs({ options: { short: { type: 'boolean' } } });

const home = await mkdtemp(join(tmpdir(), 'chatelaine-servers-'));
const faults: string[] = [];
let passed = 0;
try {
  const { servers, close } = await openForeignServers(home);
  try {
    const documents = Object.fromEntries(servers.map(({ name, document }) => [name, document]));
    const gateway = await startGateway(documents, { commands: [process.execPath] });
    try {
      const rows: string[][] = [];
      for (const server of servers) rows.push([server.name, server.transport, ...(await columns(server, gateway))]);
      console.log(table(['server', 'transport', ...CLIENTS.map(titleOf)], rows));
      for (const era of ['stateless', 'session'] as const) {
        for (const name of ['everything', 'everything-http'])
          await inDepth(await connectClient(gateway, name, era, []), `${name}, ${era} era`, ofEverything);
        // A client that says that all folders are its own.
        const greedy = await connectClient(gateway, 'filesystem', era, ['file:///']);
        await inDepth(greedy, `filesystem, ${era} era`, (client) => ofFilesystem(client, join(home, 'shown')));
      }
    } finally {
      await gateway.stop();
    }
  } finally {
    await close();
  }
} catch (error) {
  faults.push(error instanceof Error ? error.message : String(error));
} finally {
  await rm(home, { recursive: true, force: true });
}
for (const fault of faults) console.log(`✗ ${fault}`);
console.log(`conformance:servers: ${passed} passed, ${faults.length} failed`);
// What others started may keep the process.
process.exit(faults.length === 0 && passed > 0 ? 0 : 1);

function titleOf({ name, revision }: ForeignClient): string {
  return `${name.replace('@modelcontextprotocol/', '')} ${revision}`;
}

/** How each client fares: it must list the tool, and read the answer that is known. */
async function columns(server: ForeignServer, gateway: ServerProcess): Promise<readonly string[]> {
  const cells: string[] = [];
  for (const client of CLIENTS) {
    const title = `${titleOf(client)} at ${server.name}`;
    const before = faults.length;
    await step(title, () => listsAndCalls(client, server, gateway));
    cells.push(faults.length === before ? 'passed' : 'FAILED');
  }
  return cells;
}

async function listsAndCalls(client: ForeignClient, server: ForeignServer, gateway: ServerProcess): Promise<void> {
  const { tool, args, answer } = server.question;
  const place = { origin: gateway.url, toolset: `s/default/${server.name}`, key: gateway.key, home };
  const connection = await client.connect(place);
  try {
    const names = await connection.list();
    if (!names.includes(tool)) throw new Error(`\`${tool}\` is not among ${names.join(', ')}`);
    const said = (await connection.call(tool, args)).join('\n');
    if (!said.includes(answer)) throw new Error(`\`${answer}\` is not in the answer: ${said.slice(0, 300)}`);
  } finally {
    await connection.close();
  }
}

async function inDepth(client: Client, title: string, steps: (client: Client) => readonly Step[]): Promise<void> {
  console.log(`\n${title}`);
  try {
    for (const { says, holds } of steps(client)) await step(`${title}: ${says}`, holds, `  ${says}`);
  } finally {
    await client.close();
  }
}

async function step(title: string, run: () => Promise<void>, line?: string): Promise<void> {
  try {
    await run();
    passed += 1;
    if (line !== undefined) console.log(line);
  } catch (error) {
    faults.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
