/**
 * Another Chatelaine as the MCP server: a person who is signed in here calls, is sent to consent there, and calls
 * again. Everything is real on both sides; the gateway's place between them is taken by the test, and what it would
 * send by `#outgoing-auth` is tried there.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished, expect, test, vi } from 'vitest';
import { linkUrl } from '#authserver';
import { readChallenge, serverOAuthSchema, upstreamOfServer, type ProtectedServer } from '#contract';
import { reveal, type Secret } from '#kernel';
import { Person } from '../../../conformance/person.ts';
import { startServer, type ServerProcess } from '../../../conformance/server-process.ts';
import { Surfer } from '../../../test/surfer.ts';
import { startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import { letIn } from './federated.fixture.ts';

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

/** A configuration with a database of three cities. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'chatelaine-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const database = new DatabaseSync(join(path, 'cities.db'));
  database.exec(`CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO cities VALUES (1, 'Basel'), (2, 'Bern'), (3, 'Biel');`);
  database.close();
  writeFileSync(join(path, 'tools.yaml'), TOOLS);
  return path;
}

const OWNER = 'default/gateway';

interface Both {
  readonly here: AuthorizationServerProcess;
  readonly there: ServerProcess;
  readonly server: ProtectedServer;
  readonly upstream: string;
}

async function startBoth(): Promise<Both> {
  const there = await startServer(folder(), { issues: true });
  onTestFinished(() => there.stop());
  const server: ProtectedServer = {
    ...{ namespace: 'default', name: 'cities', displayName: 'Cities of others', url: `${there.url}/mcp` },
    auth: serverOAuthSchema.parse({ type: 'oauth' }),
    reach: { allowedIpRanges: [], customBlockedIpRanges: [], allowPrivateNetworks: true },
  };
  const here = await startAuthorizationServer('sqlite', undefined, undefined, true, { servers: () => [server] });
  return { here, there, server, upstream: upstreamOfServer(server) };
}

/** Somebody who is signed in here through a client, and has an account of their own there. */
interface Caller {
  readonly id: string;
  readonly subjectToken: Secret;
  readonly surfer: Surfer;
  readonly there: Person;
}

async function caller({ here, there }: Both, name: string): Promise<Caller> {
  const { id, browser } = await here.person(name);
  const surfer = new Surfer(here, browser);
  const { accessToken: subjectToken } = await letIn(here, surfer);
  return { id, subjectToken, surfer, there: await Person.make(there, name) };
}

/** The token for whoever runs tools here, or why there is none. */
async function tokenOf({ here, upstream }: Both, { subjectToken }: Caller, refused?: Secret): Promise<Secret | string> {
  const answer = await here.server.grants.upstreamToken({ subjectToken, owner: OWNER, upstream, refused });
  return answer.ok ? answer.value.accessToken : answer.error.reason;
}

interface Answered {
  readonly status: number;
  readonly challenge: ReturnType<typeof readChallenge>;
  readonly text: string;
}

async function post({ server }: Both, token: Secret, name: string, args: object): Promise<Answered> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${reveal(token)}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  });
  const challenge = readChallenge(response.headers.get('www-authenticate') ?? undefined);
  return { status: response.status, challenge, text: await response.text() };
}

/** A call in the name of somebody: the answer, or why there was none. */
async function call(both: Both, who: Caller, name: string, args: object = {}): Promise<string> {
  const token = await tokenOf(both, who);
  if (typeof token === 'string') return token;
  const { status, challenge, text } = await post(both, token, name, args);
  return status === 200 ? text : `${status} ${challenge?.error} ${challenge?.scopes?.join(' ')}`;
}

/** Opens the page of the link, goes on, consents there, and comes back. */
async function consent(
  { here, upstream }: Both,
  { id, surfer, there }: Caller,
  scopes?: readonly string[],
): Promise<string> {
  const page = await surfer.browser.follow(linkUrl(here.url, { sub: id, owner: OWNER, upstream, scopes }).href);
  const away = await surfer.submit(page, { account: 'connect' });
  const [, to] = /^0; url=(.+)$/.exec(away.headers.get('refresh') ?? '') ?? [];
  if (to === undefined) throw new Error(`leads nowhere: ${away.status} ${away.text.slice(-1500)}`);
  const { pathname, search } = await there.letIn(to);
  return page.text + (await surfer.browser.follow(pathname + search)).text;
}

test('a person calls, consents at the other side, and calls again; others have their own, and after a sign-out there is none', async () => {
  const both = await startBoth();
  const ana = await caller(both, 'ana');
  const ben = await caller(both, 'ben');

  expect(await call(both, ana, 'count')).toBe('link');
  const seen = await consent(both, ana, ['read:cities']);
  expect(seen).toContain('Cities of others');
  expect(seen).toContain('read:cities');
  expect(seen).toContain('The account is connected');
  expect(await call(both, ana, 'count')).toContain('3');

  // Another person has nothing of hers, and gets what is theirs.
  expect(await call(both, ben, 'count')).toBe('link');
  await consent(both, ben);
  expect(await call(both, ben, 'count')).toContain('3');
  const held = (await tokenOf(both, ana)) as Secret;
  expect(reveal((await tokenOf(both, ben)) as Secret)).not.toBe(reveal(held));

  // Step-up (RFC 6750 §3.1): what she has, and what is asked for besides.
  expect(await call(both, ana, 'rename', { id: 3, name: 'Bienne' })).toBe('403 insufficient_scope write:cities');
  await consent(both, ana, ['read:cities', 'write:cities']);
  expect(await call(both, ana, 'rename', { id: 3, name: 'Bienne' })).toContain('Bienne');

  // A refused token is refreshed once for a hundred callers, and its successor is not refreshed for a while.
  let refused = (await tokenOf(both, ana)) as Secret;
  for (const isRefreshed of [true, false]) {
    const next = await Promise.all(Array.from({ length: 100 }, () => tokenOf(both, ana, refused)));
    const distinct = new Set(next.map((token) => (typeof token === 'string' ? token : reveal(token))));
    expect([distinct.size, distinct.has(reveal(refused))]).toEqual([1, !isRefreshed]);
    refused = next[0] as Secret;
  }
  const { records } = await both.here.audit.query({ type: 'grant.refresh' }, { limit: 10 });
  expect(records.filter(({ outcome }) => outcome === 'success')).toHaveLength(1);
  expect(await call(both, ana, 'count')).toContain('3');

  // The page names the account by the server, and nobody says who she is there.
  const { text } = await ana.surfer.browser.get('/console/connections');
  expect(text).toMatch(/Cities of others<\/strong>\s*<p class="hint">for default\/gateway · connected since /);

  // Signed out here: no token any more, and the other side has forgotten it too.
  await both.here.server.sessions.end({ owner: OWNER, userId: ana.id }, 'by the user');
  expect(await call(both, ana, 'count')).toBe('session');
  await vi.waitFor(async () => expect((await post(both, refused, 'count', {})).status).toBe(401), {
    timeout: 20_000,
    interval: 200,
  });
  expect(await call(both, ben, 'count')).toContain('3');
}, 180_000);
