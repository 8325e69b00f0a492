/** Tokens that are bound to a client certificate: good on the connection that showed it, and nowhere else (RFC 8705 §3). */
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, sha256 } from '#kernel';
import { svid, testAuthority, type TestCertificate } from '../../../test/certificates.ts';
import { proofKey, prove } from '../../../test/dpop.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import {
  AGENT,
  call,
  DISABLED,
  keepingAgent,
  startAgentDoor,
  UNREADABLE_AGENT,
  type AgentDoor,
  type Answer,
} from './agent-listener.fixture.ts';
import { authServicesOf, KEY, openDoors, type Doors } from './token-doors.fixture.ts';

const authority = testAuthority('Clients CA');
const second = testAuthority('Clients CA 2');
/** Of a client of OAuth, which is nobody's agent. */
const desk = authority.issue(['desk.test'], { usage: ['digitalSignature'], purposes: ['clientAuth'] });
const other = authority.issue(['other.test'], { usage: ['digitalSignature'], purposes: ['clientAuth'] });

let issuer: TestIssuer;
let doors: Doors;
let door: AgentDoor;
beforeAll(async () => {
  issuer = await startIssuer();
  const services = authServicesOf(
    `kind: authService\nname: mine\ntype: generic\naudience: ${AUDIENCE}\nauthorizationServer: ${issuer.url}\nmcpEnabled: true\n`,
  );
  doors = await openDoors({ services: () => services });
  door = await startAgentDoor({ bundle: authority.cert + second.cert, clock: systemClock, gateway: doors.gateway });
  doors.resources.reachedAt(new URL(doors.url), new URL(`https://localhost:${door.port}`));
});
afterAll(async () => {
  await door.close();
  await doors[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});
beforeEach(() => {
  doors.trail.events.length = 0;
});

const thumbprint = ({ cert }: TestCertificate): string => sha256(new X509Certificate(cert).raw).toString('base64url');
const boundTo = (certificate: TestCertificate, claims: Record<string, unknown> = {}): Promise<string> =>
  issuer.token({ cnf: { 'x5t#S256': thumbprint(certificate) }, ...claims });

const invoke = (certificate: TestCertificate, token: string, headers: Record<string, string> = {}): Promise<Answer> =>
  call(door, { certificate, tool: 'open', headers: { Authorization: `Bearer ${token}`, ...headers } });

describe('a token that is bound to a certificate', () => {
  it('opens the door on the connection that showed it, for whom the token is', async () => {
    const token = await boundTo(desk, { sub: 'carol' });
    expect(await invoke(desk, token)).toMatchObject({ status: 200 });
    const events = doors.trail.events.filter(({ outcome }) => outcome === 'success');
    expect(events.length).toBeGreaterThan(0);
    for (const event of events)
      expect(event).toMatchObject({ actor: { kind: 'user', sub: 'carol' }, certificateSerial: desk.serial });
  });

  it('is whose it says, also on the connection of an agent', async () => {
    const alice = authority.issue([], svid(AGENT));
    expect((await invoke(alice, await boundTo(alice, { sub: 'carol' }))).status).toBe(200);
    expect(doors.trail.events.at(-1)).toMatchObject({ actor: { sub: 'carol' }, certificateSerial: alice.serial });
  });

  it('INT-023: is refused over the connection of somebody else', async () => {
    const refused = await invoke(other, await boundTo(desk));
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('invalid_token'),
    ]);
    const alice = authority.issue([], svid(AGENT));
    expect((await invoke(alice, await boundTo(desk))).status).toBe(401);
  });

  it('INT-023: is refused where nobody shows a certificate, whatever headers say of one', async () => {
    const token = await boundTo(desk);
    const escaped = encodeURIComponent(desk.cert);
    for (const headers of [
      {},
      { 'X-Client-Cert': escaped },
      { 'X-SSL-Client-Cert': escaped, 'X-SSL-Client-Verify': 'SUCCESS' },
      { 'Client-Cert': `:${new X509Certificate(desk.cert).raw.toString('base64')}:` },
      {
        'X-Forwarded-Client-Cert': `Hash=${sha256(new X509Certificate(desk.cert).raw).toString('hex')};Cert="${escaped}"`,
      },
    ]) {
      const init = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers };
      const answer = await fetch(`${doors.url}/api/tool/open/invoke`, { method: 'POST', headers: init, body: '{}' });
      expect(answer.status).toBe(401);
      expect((await invoke(other, token, headers as Record<string, string>)).status).toBe(401);
    }
  });

  it('INT-023: is refused on a connection whose certificate counts no more', async () => {
    const below = second.issue(['desk.test'], { usage: ['digitalSignature'], purposes: ['clientAuth'] });
    const token = await boundTo(below);
    const agent = keepingAgent(door, below);
    const visit = () => call(door, { agent, tool: 'open', headers: { Authorization: `Bearer ${token}` } });
    expect((await visit()).status).toBe(200);
    await door.replace('bundle', authority.cert);
    expect((await visit()).status).toBe(401);
    await door.replace('bundle', authority.cert + second.cert);
    agent.destroy();
  });

  it('is refused with the certificate of an agent who may not come in, or of whom nobody can say', async () => {
    const [retired, unknown] = [authority.issue([], svid(DISABLED)), authority.issue([], svid(UNREADABLE_AGENT))];
    expect((await invoke(retired, await boundTo(retired))).status).toBe(401);
    expect((await invoke(unknown, await boundTo(unknown))).status).toBe(503);
  });

  it('AS-074: is refused as a bearer token where it is bound to a key of DPoP, also on a connection with a certificate', async () => {
    const key = await proofKey();
    const token = await issuer.token({ cnf: { jkt: key.jkt } });
    const url = `https://localhost:${door.port}/api/tool/open/invoke`;
    for (const headers of [{}, { DPoP: await prove(key, { url, token }) }] as Record<string, string>[])
      expect((await invoke(desk, token, headers)).status).toBe(401);
  });

  it('is refused as DPoP: its certificate is no key of that', async () => {
    const refused = await call(door, {
      certificate: desk,
      tool: 'open',
      headers: { Authorization: `DPoP ${await boundTo(desk)}` },
    });
    expect(refused.status).toBe(401);
  });
});

describe('a certificate that is nobody’s', () => {
  it('opens nothing by itself, nor with a token that is bound to none, nor with a key', async () => {
    expect((await call(door, { certificate: desk, tool: 'open' })).status).toBe(401);
    for (const token of [await issuer.token(), KEY, 'chk_nobody']) expect((await invoke(desk, token)).status).toBe(401);
    expect(doors.trail.events.every(({ outcome }) => outcome === 'denied')).toBe(true);
  });
});

it('metadata say that tokens may be bound to certificates where there is a listener for them (RFC 9728 §2)', async () => {
  const metadata = await (await fetch(`${doors.url}/.well-known/oauth-protected-resource/mcp`)).json();
  expect(metadata).toMatchObject({ tls_client_certificate_bound_access_tokens: true });
});
