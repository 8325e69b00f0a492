/** What callers prove with keys and certificates, where another process holds their session; and how replicas prove themselves. */
import { X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sha256, silentLogger, systemClock } from '#kernel';
import { openServerTls } from '#tls';
import { svid, testAuthority, type TestCertificate } from '../../../test/certificates.ts';
import { proofKey, prove, type ProofKey } from '../../../test/dpop.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { AGENT, startAgentDoor, type AgentDoor } from './agent-listener.fixture.ts';
import {
  callTool,
  inSession,
  installation,
  openSession,
  startReplica,
  takePlace,
  vouch,
  type Installation,
} from './replicas.fixture.ts';
import { authServicesOf, openDoors, type Doors } from './token-doors.fixture.ts';

const PUBLIC = 'https://tools.example';
const authority = testAuthority('Clients CA');
const second = testAuthority('Clients CA 2');
const desk = authority.issue(['desk.test'], { usage: ['digitalSignature'], purposes: ['clientAuth'] });
const other = authority.issue(['other.test'], { usage: ['digitalSignature'], purposes: ['clientAuth'] });
const alice = authority.issue([], svid(AGENT));

let issuer: TestIssuer;
let key: ProofKey;
beforeAll(async () => {
  issuer = await startIssuer();
  key = await proofKey();
});
afterAll(() => issuer[Symbol.asyncDispose]());

interface Place extends Doors {
  readonly self: string;
  readonly forwarded: readonly string[];
  readonly agents: AgentDoor;
}

let all: Installation & AsyncDisposable;
beforeAll(async () => {
  all = await installation();
}, 60_000);
afterAll(() => all[Symbol.asyncDispose]());

let a: Place;
let b: Place;
beforeEach(async () => {
  [a, b] = [await open(), await open()];
}, 60_000);

async function open(): Promise<Place> {
  const services = authServicesOf(
    `kind: authService\nname: mine\ntype: generic\naudience: ${AUDIENCE}\nauthorizationServer: ${issuer.url}\nmcpEnabled: true\n`,
  );
  const { siblings, forwarded, answerBy } = await takePlace(all);
  const confirmation = { database: all.database, nonceSecret: async () => all.key };
  const doors = await openDoors({ services: () => services, siblings, confirmation });
  onTestFinished(() => doors[Symbol.asyncDispose]());
  doors.resources.reachedAt(new URL(PUBLIC), new URL('https://agents.example'));
  const agents = await startAgentDoor({
    ...{ bundle: authority.cert + second.cert, clock: systemClock, gateway: doors.gateway },
  });
  onTestFinished(() => agents.close());
  await answerBy(doors.gateway.handler);
  return { ...doors, self: siblings.self, forwarded, agents };
}

const INITIALIZE = {
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};
const CALL = { jsonrpc: '2.0', ...callTool(1, 'open') };

const thumbprint = ({ cert }: TestCertificate): string => sha256(new X509Certificate(cert).raw).toString('base64url');

interface Answered {
  readonly status: number;
  readonly session: string;
}

/** A message at the public listener. */
async function send(at: Place, message: object, headers: Record<string, string>): Promise<Answered> {
  const response = await fetch(`${at.url}/mcp`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(message),
  });
  await response.body?.cancel();
  return { status: response.status, session: response.headers.get('mcp-session-id') ?? '' };
}

/** The same at the agent listener; without a message, its stream, which `closed` waits for. */
function show(
  { agents }: Place,
  certificate: TestCertificate,
  headers: Record<string, string>,
  message?: object,
): Promise<Answered & { readonly closed: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        ...{ host: '127.0.0.1', port: agents.port, servername: 'localhost', ca: agents.serverCa, agent: false },
        ...{ cert: certificate.cert, key: certificate.key, path: '/mcp', method: message ? 'POST' : 'GET' },
        headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
      },
      (response) => {
        const closed = new Promise<void>((over) => response.once('close', () => over()));
        response.on('error', () => {});
        response.resume();
        const answered = {
          ...{ status: response.statusCode as number, closed },
          session: String(response.headers['mcp-session-id'] ?? ''),
        };
        if (message === undefined) resolve(answered);
        else void closed.then(() => resolve(answered));
      },
    );
    request.on('error', reject);
    request.end(message && JSON.stringify(message));
  });
}

describe('a token that is bound to a key (RFC 9449)', () => {
  const proved = async (token: string, by = key): Promise<Record<string, string>> => ({
    Authorization: `DPoP ${token}`,
    DPoP: await prove(by, { url: `${PUBLIC}/mcp`, token }),
  });

  it('is proved to who holds the session: the proof that came with the request, once', async () => {
    const token = await issuer.token({ cnf: { jkt: key.jkt } });
    const { session } = await send(b, INITIALIZE, await proved(token));
    expect(session).toContain(`${b.self}.`);
    const named = { 'Mcp-Session-Id': session };
    const headers = { ...(await proved(token)), ...named };
    expect((await send(a, CALL, headers)).status).toBe(200);
    expect((await send(a, CALL, headers)).status).toBe(401);
    expect((await send(a, CALL, { ...(await proved(token, await proofKey())), ...named })).status).toBe(401);
    expect((await send(a, CALL, { Authorization: `Bearer ${token}`, ...named })).status).toBe(401);
    expect(a.forwarded).toEqual(['answered', 'answered', 'answered', 'answered']);
  });

  it('whose proof a sibling has used up is taken by that sibling’s word, for that key', async () => {
    const token = await issuer.token({ cnf: { jkt: key.jkt } });
    const headers = await proved(token);
    expect((await send(a, CALL, headers)).status).toBe(200);
    const bound = {
      host: new URL(b.url).host,
      authorization: headers['Authorization'] as string,
      dpop: headers['DPoP'] as string,
    };
    const word = (jkt: string | undefined): string => vouch(all, b.self, { headers: bound }, { proved: jkt });
    expect((await send(b, CALL, { ...headers, 'Chatelaine-Forwarded': word(key.jkt) })).status).toBe(200);
    expect((await send(b, CALL, { ...headers, 'Chatelaine-Forwarded': word(undefined) })).status).toBe(401);
    expect((await send(b, CALL, { ...headers, 'Chatelaine-Forwarded': word('other') })).status).toBe(401);
  });
});

describe('a client certificate (RFC 8705, SPIFFE)', () => {
  it('that a token is bound to is vouched for by the process of its connection', async () => {
    const token = await issuer.token({ cnf: { 'x5t#S256': thumbprint(desk) }, sub: 'carol' });
    const headers = { Authorization: `Bearer ${token}` };
    const { session } = await show(b, desk, headers, INITIALIZE);
    const named = { ...headers, 'Mcp-Session-Id': session };
    b.trail.events.length = 0;
    expect((await show(a, desk, named, CALL)).status).toBe(200);
    const calls = b.trail.events.filter(({ class: one }) => one === 'tool-call');
    expect(calls.at(-1)).toMatchObject({ actor: { sub: 'carol' }, certificateSerial: desk.serial });
    expect((await show(a, other, named, CALL)).status).toBe(401);
    expect((await send(a, CALL, named)).status).toBe(401);
  });

  it('of an agent is its agent there too, with the rights that it has there', async () => {
    const { session } = await show(b, alice, {}, INITIALIZE);
    b.trail.events.length = 0;
    expect((await show(a, alice, { 'Mcp-Session-Id': session }, CALL)).status).toBe(200);
    expect(b.trail.events.at(-1)).toMatchObject({ actor: { sub: 'alice' }, certificateSerial: alice.serial });
    expect(a.trail.events).toEqual([]);
    expect((await show(a, desk, { 'Mcp-Session-Id': session }, CALL)).status).toBe(401);
  });

  it('that counts no more ends the streams of its connection, wherever they are held (MCP-028)', async () => {
    const { session } = await show(b, alice, {}, INITIALIZE);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const stream = await show(a, alice, { 'Mcp-Session-Id': session });
    expect(stream.status).toBe(200);
    await a.agents.replace('bundle', second.cert);
    vi.advanceTimersByTime(15_000);
    await stream.closed;
    await expect.poll(() => b.gateway.gauges.streams()).toBe(0);
  });
});

describe('replicas with https addresses', () => {
  const replicas = testAuthority('Replicas CA');
  const startOver = async (certificate: TestCertificate) => {
    const { cert, key: privateKey } = certificate;
    const tls = await openServerTls({
      ...{ certificate: cert, key: privateKey, field: 'tls', clock: systemClock, log: silentLogger },
    });
    onTestFinished(() => tls.close());
    return startReplica(all, { listening: { tls } });
  };

  it.each<[string, string, readonly string[], object, number]>([
    ['whose certificate is for the address', replicas.cert, ['127.0.0.1'], {}, 200],
    [
      'whose certificate is for the name that is expected',
      replicas.cert,
      ['tools.example'],
      { servername: 'tools.example' },
      200,
    ],
    ['whose certificate is for another name', replicas.cert, ['tools.example'], {}, 503],
    ['whose certificate another authority signed', testAuthority('Other CA').cert, ['127.0.0.1'], {}, 503],
  ])('one %s', async (_, ca, names, more, status) => {
    const holder = await startOver(replicas.issue(names));
    const session = await openSession(holder);
    const before = await startReplica(all, { tls: () => ({ ca, ...more }) });
    const response = await inSession(before, session, callTool(1, 'echo'));
    await response.body?.cancel();
    expect(response.status).toBe(status);
  });
});
