/** Another Chatelaine as the MCP server, with an authorization server of its own: from the first call to the consent to more. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Person } from '../../../conformance/person.ts';
import { startServer, type ServerProcess } from '../../../conformance/server-process.ts';
import {
  clientOf,
  serveCompany,
  SERVERS_ALLOWED,
  signIn,
  type CompanyServer,
  type SignedIn,
} from './signed-in.fixture.ts';

const TOOLS = `
kind: source
name: cities
type: sqlite
database: cities.db
---
kind: tool
name: count
type: sqlite-sql
source: cities
description: How many cities there are.
readOnly: true
scopesRequired: [read:cities]
statement: SELECT count(*) AS cities FROM cities
---
kind: tool
name: rename
type: sqlite-sql
source: cities
description: Renames a city.
scopesRequired: [write:cities]
parameters:
  - name: name
    type: string
    description: The new name.
  - name: id
    type: integer
    description: The id.
statement: UPDATE cities SET name = ? WHERE id = ? RETURNING name
`;

async function startThere(): Promise<ServerProcess> {
  const path = mkdtempSync(join(tmpdir(), 'chatelaine-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const database = new DatabaseSync(join(path, 'cities.db'));
  database.exec(`CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO cities VALUES (1, 'Basel'), (2, 'Bern'), (3, 'Biel');`);
  database.close();
  writeFileSync(join(path, 'tools.yaml'), TOOLS);
  const there = await startServer(path, { issues: true });
  onTestFinished(() => there.stop());
  return there;
}

interface Running extends CompanyServer {
  readonly there: ServerProcess;
}

async function serve(): Promise<Running> {
  const there = await startThere();
  const documents = `kind: mcpServer
name: far
url: ${there.url}/mcp
allowPrivateNetworks: true
auth:
  type: oauth
---
${SERVERS_ALLOWED}`;
  return { ...(await serveCompany(documents)), there };
}

/** Opens the page that a client was asked to open, goes on, consents at the other side, and comes back. */
async function consent(page: string, { surfer }: SignedIn, there: Person): Promise<string> {
  const { pathname, search } = new URL(page);
  const asked = await surfer.browser.follow(pathname + search);
  const away = await surfer.submit(asked, { account: 'connect' });
  const [, to] = /^0; url=(.+)$/.exec(away.headers.get('refresh') ?? '') ?? [];
  if (to === undefined) throw new Error(`leads nowhere: ${away.status} ${away.text.slice(-1500)}`);
  const back = await there.letIn(to);
  return asked.text + (await surfer.browser.follow(back.pathname + back.search)).text;
}

/** The page that the call was refused for, to a client of a session. */
async function pageOf(client: Client, name: string, args: object = {}): Promise<string> {
  const failure = (await client.callTool({ name, arguments: { ...args } }).catch((error: unknown) => error)) as {
    readonly code?: number;
    readonly data?: { readonly elicitations: readonly { readonly url: string }[] };
  };
  expect(failure, JSON.stringify(failure)).toMatchObject({ code: -32042, data: { elicitations: [{ mode: 'url' }] } });
  return failure.data?.elicitations[0]?.url ?? '';
}

const said = async (client: Client, name: string, args: object = {}): Promise<string> =>
  JSON.stringify(await client.callTool({ name, arguments: { ...args } }));

test('the first call leads to the consent at the other side, a call for more to the consent to more, each person for themselves', async () => {
  const running = await serve();
  const { there } = running;
  const ana = await signIn(running, 'ana');
  const anaThere = await Person.make(there, 'ana');
  const session = await clientOf(running, ana, 'legacy', () => {});

  // The first call of all: there is nothing but the way to an account. She gives less than she could.
  const page = new URL(await pageOf(session, 'far_connect_account'));
  page.searchParams.set('scope', 'read:cities');
  expect(await consent(page.href, ana, anaThere)).toContain('The account is connected');
  expect(await said(session, 'far_connect_account')).toContain('List the tools again');
  await vi.waitFor(
    async () => expect((await session.listTools()).tools.map(({ name }) => name)).toContain('far_count'),
    { timeout: 30_000, interval: 200 },
  );
  expect(await said(session, 'far_count')).toContain('3');
  // Step-up (RFC 6750 §3.1): what she has, and what is asked for besides.
  const more = await pageOf(session, 'far_rename', { id: 3, name: 'Bienne' });
  expect(await consent(more, ana, anaThere)).toMatch(/read:cities[^]*write:cities/);
  expect(await said(session, 'far_rename', { id: 3, name: 'Bienne' })).toContain('Bienne');

  // Another person, with a client of the stateless era: asked in the answer, and as who they are there.
  const bo = await signIn(running, 'bo');
  const boThere = await Person.make(there, 'bo');
  const opened: string[] = [];
  const stateless = await clientOf(running, bo, 'auto', (at) => opened.push(at));
  await stateless.callTool({ name: 'far_count', arguments: {} });
  expect(await consent(opened.at(-1) ?? '', bo, boThere)).toContain('The account is connected');
  expect(await said(stateless, 'far_count')).toContain('3');
  expect(opened).toHaveLength(1);
}, 240_000);
