/** Clients that prove themselves by a certificate, and tokens that are bound to one (RFC 8705), by real handshakes. */
import { X509Certificate } from 'node:crypto';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { decodeJwt } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sha256, silentLogger, systemClock } from '#kernel';
import { openClientTls, openServerTls } from '#tls';
import { svid, testAuthority, type LeafContents, type TestCertificate } from '../../../test/certificates.ts';
import { proofKey, prove } from '../../../test/dpop.ts';
import {
  CALLBACK,
  startAuthorizationServer,
  type AuthorizationServerProcess,
  type Clients,
  OFFICE,
} from './authorization-server.fixture.ts';
import { ask, codeFor, newVerifier } from './code-flow.fixture.ts';

const authority = testAuthority('Clients CA');
const FOR_CLIENTS: LeafContents = { usage: ['digitalSignature'], purposes: ['clientAuth'] };
const JOB = 'spiffe://td.test/ns/travel/agent/night-job';
const job = authority.issue([], svid(JOB));

const byCertificate = (certificate: Record<string, string>) => ({
  ...{ grantTypes: ['client_credentials'], agent: OFFICE, tokenEndpointAuthMethod: 'tls_client_auth', certificate },
  tlsClientCertificateBoundAccessTokens: true,
});
const CLIENTS: Clients = {
  job: byCertificate({ sanUri: JOB }),
  dns: byCertificate({ sanDns: 'Job.test' }),
  ip: byCertificate({ sanIp: '192.0.2.7' }),
  dn: byCertificate({ subjectDn: 'CN=Night job\\, Basel' }),
  c1: { redirectUris: [CALLBACK], tlsClientCertificateBoundAccessTokens: true },
};

const certificateOf = (names: readonly string[], contents: LeafContents = {}): TestCertificate =>
  authority.issue(names, { ...FOR_CLIENTS, ...contents });
const thumbprint = ({ cert }: TestCertificate): string => sha256(new X509Certificate(cert).raw).toString('base64url');

interface Agents {
  readonly url: URL;
  readonly process: AuthorizationServerProcess;
  /** A form to an endpoint of that listener. */
  ask(
    certificate: TestCertificate,
    path: string,
    fields: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
}

/** An authorization server with one more listener, whose clients show certificates. */
async function start(clients = CLIENTS): Promise<Agents> {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-mtls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const serverCa = testAuthority('Server CA');
  const own = serverCa.issue(['localhost']);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const surroundings = { field: 'agentListener', clock: systemClock, log: silentLogger } as const;
  const tls = await openClientTls({
    own: await openServerTls({ certificate: file('cert', own.cert), key: file('key', own.key), ...surroundings }),
    ...{ clientCa: file('ca', authority.cert), trustDomain: 'td.test', ...surroundings },
  });
  onTestFinished(() => tls.close());
  const https = createServer(tls.options());
  https.on('secureConnection', (socket) => tls.accepted(socket, tls.trusted()));
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void https.close());
  const url = new URL(`https://localhost:${(https.address() as AddressInfo).port}`);
  const process = await startAuthorizationServer('sqlite', undefined, clients, true, { agentsUrl: async () => url });
  https.on('request', (request, response) => {
    const shown = tls.clients.certificate(request.socket as TLSSocket);
    const agents = { certificate: shown.ok ? shown.value : undefined };
    void process.server.handle(request, response, { requestId: 'm', address: '192.0.2.1', agents, headers: [] });
  });
  return {
    url,
    process,
    ask: (certificate, path, fields, headers = {}) =>
      new Promise((resolve, reject) => {
        const asking = httpsRequest(
          {
            ...{ host: '127.0.0.1', port: url.port, servername: 'localhost', ca: serverCa.cert, agent: false },
            ...{ cert: certificate.cert, key: certificate.key, path },
            method: Object.keys(fields).length === 0 ? 'GET' : 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
          },
          (response) => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (chunk: string) => (text += chunk));
            response.on('end', () =>
              resolve({
                status: response.statusCode as number,
                body: JSON.parse(text || '{}') as Record<string, unknown>,
              }),
            );
          },
        );
        asking.on('error', reject);
        asking.end(Object.keys(fields).length === 0 ? undefined : new URLSearchParams(fields).toString());
      }),
  };
}

const credentials = ({ process }: Agents, clientId: string) => ({
  ...{ grant_type: 'client_credentials', client_id: clientId, scope: 'read:flights', resource: process.resource },
});

describe('a client that is known by its certificate', () => {
  test('has a token that is bound to it, and learns so by introspection (RFC 8705 §3.1, §3.2)', async () => {
    const agents = await start();
    const { status, body } = await agents.ask(job, '/oauth/token', credentials(agents, 'job'));
    expect([status, body['token_type']]).toEqual([200, 'Bearer']);
    const cnf = { 'x5t#S256': thumbprint(job) };
    expect(decodeJwt(body['access_token'] as string)['cnf']).toEqual(cnf);
    const told = await agents.ask(job, '/oauth/introspect', {
      client_id: 'job',
      token: body['access_token'] as string,
    });
    expect(told.body).toMatchObject({ active: true, cnf });
    const { records } = await agents.process.audit.query({ type: 'oauth.token' }, { limit: 1 });
    expect(records[0]).toMatchObject({ outcome: 'success', certificateSerial: job.serial, object: { id: 'job' } });
    const rotated = authority.issue([], svid(JOB));
    const next = await agents.ask(rotated, '/oauth/token', credentials(agents, 'job'));
    expect(decodeJwt(next.body['access_token'] as string)['cnf']).toEqual({ 'x5t#S256': thumbprint(rotated) });
    expect(
      (await agents.ask(job, '/oauth/revoke', { client_id: 'job', token: body['access_token'] as string })).status,
    ).toBe(200);
  });

  const rows: [clientId: string, right: TestCertificate, wrong: readonly TestCertificate[]][] = [
    ['job', job, [authority.issue([], svid(`${JOB}/more`)), certificateOf(['job.test'])]],
    [
      'dns',
      certificateOf(['x.test', 'job.test']),
      [certificateOf(['job.test.evil.test']), certificateOf([], { commonName: 'job.test' })],
    ],
    ['ip', certificateOf(['192.0.2.7']), [certificateOf(['192.0.2.70'])]],
    [
      'dn',
      certificateOf([], { commonName: 'Night job, Basel' }),
      [certificateOf([], { commonName: 'night job, Basel' }), certificateOf([], { commonName: 'Night job' })],
    ],
  ];
  test.each(rows)(
    'is `%s` by the one name of its document, and by nothing like it (RFC 8705 §2.1.2)',
    async (id, right, wrong) => {
      const agents = await start();
      expect((await agents.ask(right, '/oauth/token', credentials(agents, id))).status).toBe(200);
      for (const certificate of wrong) {
        const refused = await agents.ask(certificate, '/oauth/token', credentials(agents, id));
        expect([refused.status, refused.body['error']]).toEqual([401, 'invalid_client']);
      }
    },
  );

  test('is nobody where no certificate is shown, or an authority’s, whatever headers say (RFC 8705 §6.5)', async () => {
    const agents = await start();
    const headers = { 'x-client-cert': encodeURIComponent(job.cert), 'x-forwarded-client-cert': `URI=${JOB}` };
    const elsewhere = await ask(agents.process, '/oauth/token', credentials(agents, 'job'), headers);
    expect([elsewhere.status, elsewhere.body['error']]).toEqual([401, 'invalid_client']);
    const signing = authority.issue([], { ...svid(JOB), usage: ['digitalSignature', 'keyCertSign'] });
    const unfit = await agents.ask(signing, '/oauth/token', credentials(agents, 'job'), headers);
    expect([unfit.status, unfit.body['error']]).toEqual([401, 'invalid_client']);
  });
});

test('tokens of a public client are bound to the certificate of who redeems the code, and refreshed with it alone', async () => {
  const agents = await start();
  const [desk, thief] = [certificateOf(['desk.test']), certificateOf(['thief.test'])];
  const { browser } = await agents.process.person('alice');
  const verifier = newVerifier();
  const form = async () => ({
    ...{ grant_type: 'authorization_code', client_id: 'c1', code_verifier: verifier, redirect_uri: CALLBACK },
    code: await codeFor(agents.process, browser, verifier),
  });
  expect((await ask(agents.process, '/oauth/token', await form())).status).toBe(400);
  const { status, body } = await agents.ask(desk, '/oauth/token', await form());
  expect([status, decodeJwt(body['access_token'] as string)['cnf']]).toEqual([200, { 'x5t#S256': thumbprint(desk) }]);
  const renewal = { grant_type: 'refresh_token', client_id: 'c1', refresh_token: body['refresh_token'] as string };
  expect((await ask(agents.process, '/oauth/token', renewal)).status).toBe(400);
  expect((await agents.ask(thief, '/oauth/token', renewal)).status).toBe(400);
  expect((await agents.ask(desk, '/oauth/token', renewal)).status).toBe(200);
  // Bound, and asked about by nobody who checks that.
  expect((await agents.process.server.verifier.verify(body['access_token'] as string)).ok).toBe(false);
});

test('metadata name the endpoints of both listeners, and are the same at both (RFC 8705 §5)', async () => {
  const agents = await start();
  const path = '/.well-known/oauth-authorization-server';
  const published = (await (await fetch(new URL(path, agents.process.url))).json()) as Record<string, unknown>;
  expect(published).toMatchObject({
    token_endpoint: `${agents.process.url.origin}/oauth/token`,
    tls_client_certificate_bound_access_tokens: true,
    token_endpoint_auth_methods_supported: expect.arrayContaining(['tls_client_auth']),
    mtls_endpoint_aliases: {
      token_endpoint: `${agents.url.origin}/oauth/token`,
      introspection_endpoint: `${agents.url.origin}/oauth/introspect`,
      revocation_endpoint: `${agents.url.origin}/oauth/revoke`,
      pushed_authorization_request_endpoint: `${agents.url.origin}/oauth/par`,
      device_authorization_endpoint: `${agents.url.origin}/oauth/device`,
      userinfo_endpoint: `${agents.url.origin}/oauth/userinfo`,
    },
  });
  expect((await agents.ask(job, path, {})).body).toEqual(published);
});

test('a proof at that listener names the URL there (RFC 9449 §4.3)', async () => {
  const clients = { c4: { ...byCertificate({ sanUri: JOB }), tlsClientCertificateBoundAccessTokens: false } };
  const agents = await start(clients);
  const key = await proofKey();
  const at = async (origin: string) =>
    agents.ask(job, '/oauth/token', credentials(agents, 'c4'), {
      dpop: await prove(key, { url: `${origin}/oauth/token` }),
    });
  expect((await at(agents.url.origin)).body['token_type']).toBe('DPoP');
  expect((await at(agents.process.url.origin)).body['error']).toBe('invalid_dpop_proof');
});

test('where nobody can show a certificate, a client whose tokens are to be bound to one is none', async () => {
  const process = await startAuthorizationServer('sqlite', undefined, CLIENTS);
  const refused = await ask(process, '/oauth/token', {
    grant_type: 'refresh_token',
    client_id: 'c1',
    refresh_token: 'x',
  });
  expect(refused.body['error']).toBe('invalid_client');
});
