/**
 * Another Chatelaine as the MCP server: a person who is signed in here calls, is sent to consent there, and calls
 * again. Everything is real on both sides; the gateway's place between them is taken by the test.
 */
import { createHash } from 'node:crypto';
import { onTestFinished, expect, test, vi } from 'vitest';
import { linkUrl } from '#authserver';
import { serverOAuthSchema, upstreamOfServer, type CallerFace, type ProtectedServer } from '#contract';
import { ChatelaineError, reveal, systemClock, type Secret } from '#kernel';
import { openServerOAuth, type OutgoingAuth } from '#outgoing-auth';
import { Person } from '../../../conformance/person.ts';
import { startServer, type ServerProcess } from '../../../conformance/server-process.ts';
import { Surfer } from '../../../test/surfer.ts';
import {
  startAuthorizationServer,
  type AuthorizationServerProcess,
} from '../../authserver/test/authorization-server.fixture.ts';
import { letIn } from '../../authserver/test/federated.fixture.ts';
import { CITIES, SCOPED, workspace } from './server.fixture.ts';

const COUNT = `
---
kind: tool
name: count
type: sqlite-sql
source: cities
description: How many cities there are.
readOnly: true
scopesRequired: [read:cities]
statement: SELECT count(*) AS cities FROM cities
`;

const OWNER = 'default/gateway';

interface Both {
  readonly here: AuthorizationServerProcess;
  readonly there: ServerProcess;
  readonly server: ProtectedServer;
  readonly upstream: string;
  readonly auth: OutgoingAuth;
}

async function startBoth(): Promise<Both> {
  const place = workspace();
  onTestFinished(() => place.remove());
  place.write('tools.yaml', CITIES + SCOPED + COUNT);
  const there = await startServer(place.folder, { issues: true });
  onTestFinished(() => there.stop());
  const server: ProtectedServer = {
    ...{ namespace: 'default', name: 'cities', displayName: 'Cities of others', url: `${there.url}/mcp` },
    auth: serverOAuthSchema.parse({ type: 'oauth' }),
    reach: { allowedIpRanges: [], customBlockedIpRanges: [], allowPrivateNetworks: true },
  };
  const here = await startAuthorizationServer('sqlite', undefined, undefined, true, { servers: () => [server] });
  const tokens = { ownToken: () => Promise.reject(new Error('every token here is of a person')) };
  const auth = openServerOAuth(server, { clock: systemClock, tokens });
  return { here, there, server, upstream: upstreamOfServer(server), auth };
}

/** Somebody who is signed in here through a client, and has an account of their own there. */
interface Caller {
  readonly id: string;
  readonly face: CallerFace;
  readonly surfer: Surfer;
  readonly there: Person;
}

async function caller({ here, there, upstream }: Both, name: string): Promise<Caller> {
  const { id, browser } = await here.person(name);
  const surfer = new Surfer(here, browser);
  const { accessToken: subjectToken } = await letIn(here, surfer);
  const face: CallerFace = {
    context: createHash('sha256').update(reveal(subjectToken)).digest('hex'),
    upstreamToken: (asked, refused) => {
      expect(asked).toBe(upstream);
      return here.server.grants.upstreamToken({ subjectToken, owner: OWNER, upstream: asked, refused });
    },
  };
  return { id, face, surfer, there: await Person.make(there, name) };
}

interface Answered {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly text: string;
}

async function post(
  { server, auth }: Both,
  face: CallerFace,
  params: object,
): Promise<Answered & { readonly sent: Readonly<Record<string, Secret>> }> {
  const url = new URL(server.url);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-06-18',
  };
  const sent = await auth.headers(face, { method: 'POST', url, headers, body });
  const secrets = Object.fromEntries(Object.entries(sent).map(([field, value]) => [field, reveal(value)]));
  const response = await fetch(url, { method: 'POST', headers: { ...headers, ...secrets }, body });
  const challenge = response.headers.get('www-authenticate') ?? undefined;
  return { status: response.status, challenge, text: await response.text(), sent };
}

/** A call as a transport makes it: once more where that would send something else. */
async function call(both: Both, face: CallerFace, name: string, args: object = {}): Promise<string> {
  const params = { name, arguments: args };
  for (let tries = 0; ; tries++) {
    const { status, challenge, text, sent } = await post(both, face, params);
    if (status === 200) return text;
    if (status !== 401 && status !== 403) return `${status} ${text}`;
    if (tries > 0 || !(await both.auth.refused(face, sent, { status, challenge }))) return `${status} ${text}`;
  }
}

const refusalOf = (work: Promise<unknown>): Promise<ChatelaineError> =>
  work.then(
    (value) => Promise.reject(new Error(`not refused: ${String(value)}`)),
    (error: unknown) => {
      if (error instanceof ChatelaineError) return error;
      throw error;
    },
  );

/** Opens the page of the link, goes on, consents there, and comes back. */
async function consent({ here, upstream }: Both, { id, surfer, there }: Caller, scopes?: readonly string[]): Promise<string> {
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

  const missing = await refusalOf(call(both, ana.face, 'count'));
  expect([missing.code, missing.details]).toEqual(['ACCOUNT_NOT_LINKED', { upstream: both.upstream }]);
  const seen = await consent(both, ana, ['read:cities']);
  expect(seen).toContain('Cities of others');
  expect(seen).toContain('read:cities');
  expect(seen).toContain('The account is connected');
  expect(await call(both, ana.face, 'count')).toContain('3');

  // Another person has nothing of hers, and gets what is theirs.
  expect((await refusalOf(call(both, ben.face, 'count'))).code).toBe('ACCOUNT_NOT_LINKED');
  await consent(both, ben);
  expect(await call(both, ben.face, 'count')).toContain('3');
  const [hers, theirs] = await Promise.all([ana, ben].map(({ face }) => face.upstreamToken(both.upstream)));
  expect(hers?.ok === true && theirs?.ok === true && reveal(hers.value.accessToken) !== reveal(theirs.value.accessToken)).toBe(true);

  // Step-up (RFC 6750 §3.1): what she has, and what is asked for besides.
  const more = await refusalOf(call(both, ana.face, 'rename', { id: 3, name: 'Bienne' }));
  expect(more.code).toBe('ACCOUNT_NOT_LINKED');
  const scopes = more.details?.['scopes'] as readonly string[];
  expect(scopes.toSorted()).toEqual(['read:cities', 'write:cities']);
  await consent(both, ana, scopes);
  expect(await call(both, ana.face, 'rename', { id: 3, name: 'Bienne' })).toContain('Bienne');

  // A refused token is refreshed once for a hundred callers, and the refresh token rotates at the other side.
  for (let round = 0; round < 2; round++) {
    const held = await ana.face.upstreamToken(both.upstream);
    if (!held.ok) throw new Error(held.error.reason);
    const { accessToken } = held.value;
    const next = await Promise.all(Array.from({ length: 100 }, () => ana.face.upstreamToken(both.upstream, accessToken)));
    const distinct = new Set(next.map((one) => (one.ok ? reveal(one.value.accessToken) : one.error.reason)));
    expect(distinct.size).toBe(1);
    expect(distinct.has(reveal(accessToken))).toBe(round > 0);
  }
  const { records } = await both.here.audit.query({ type: 'grant.refresh' }, { limit: 10 });
  expect(records.filter(({ outcome }) => outcome === 'success')).toHaveLength(1);
  expect(await call(both, ana.face, 'count')).toContain('3');

  // The page names the account by the server, and nobody says who she is there.
  const connections = await ana.surfer.browser.get('/console/connections');
  expect(connections.text).toMatch(/Cities of others<\/strong>\s*<p class="hint">for default\/gateway · connected since /);

  // Signed out here: no token any more, and the other side has forgotten it too.
  const { sent } = await post(both, ana.face, { name: 'count', arguments: {} });
  await both.here.server.sessions.end({ owner: OWNER, userId: ana.id }, 'by the user');
  expect((await refusalOf(call(both, ana.face, 'count'))).code).toBe('CALLER_NOT_SIGNED_IN');
  await vi.waitFor(
    async () => {
      const response = await fetch(both.server.url, {
        method: 'POST',
        headers: { authorization: reveal(sent['authorization'] as Secret), 'content-type': 'application/json' },
        body: '{}',
      });
      await response.arrayBuffer();
      expect(response.status).toBe(401);
    },
    { timeout: 20_000, interval: 200 },
  );
  expect(await call(both, ben.face, 'count')).toContain('3');
}, 180_000);
