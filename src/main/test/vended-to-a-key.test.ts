/** Credentials that are bound to a key or a certificate: real proofs, real handshakes, and what a thief has of them. */
import { request as httpsRequest } from 'node:https';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operator } from '#identity';
import { svid, testAuthority, type TestCertificate } from '../../../test/certificates.ts';
import { proofKey, prove, type ProofKey } from '../../../test/dpop.ts';
import { bearer, startVending, type Asked, type VendingServer } from './vending.fixture.ts';

const serverCa = testAuthority('Server CA');
const clientCa = testAuthority('Clients CA');
const workload = clientCa.issue([], svid('spiffe://td.test/agent/worker'));
const stranger = clientCa.issue([], svid('spiffe://td.test/agent/stranger'));

let served: VendingServer;
let key: string;
let mine: ProofKey;
beforeAll(async () => {
  const own = serverCa.issue(['127.0.0.1']);
  served = await startVending({
    settings(place) {
      const [certificate, file] = [place.write('agents.crt', own.cert), place.write('agents.key', own.key)];
      const ca = place.write('clients.crt', clientCa.cert);
      return `agentListener: {port: 0, certificate: ${certificate}, key: ${file}, clientCa: ${ca}, trustDomain: td.test}\n`;
    },
  });
  ({ key } = await served.key('holder'));
  mine = await proofKey();
  for (const name of ['worker', 'stranger']) {
    const spiffeId = `spiffe://td.test/agent/${name}`;
    await served.services.identity.agents.create(operator(), { name, roles: ['user'], spiffeId });
  }
}, 120_000);
afterAll(() => served.close());

const PATH = '/api/v1/tools/default/city/access';
const at = (path: string): string => new URL(path, served.url).href;
const code = ({ status, body }: Asked): string => `${status} ${String(body['code'])}`;

const vendWith = async (proof: string | undefined, wish: object = {}, credential = bearer(key)): Promise<Asked> =>
  await served.ask('POST', PATH, { ...credential, ...(proof !== undefined && { dpop: proof }) }, wish);

async function boundToken(): Promise<string> {
  const answer = await vendWith(await prove(mine, { url: at(PATH) }));
  expect([answer.status, answer.body['tokenType']]).toEqual([201, 'DPoP']);
  return answer.body['token'] as unknown as string;
}

const INVOKE = '/api/tool/city/invoke';
async function invoke(token: string, by: ProofKey | undefined, wrong: Parameters<typeof prove>[1] | object = {}) {
  const proof = by && (await prove(by, { url: at(INVOKE), token, ...wrong }));
  const headers = proof === undefined ? bearer(token) : { authorization: `DPoP ${token}`, dpop: proof };
  return { proof, answer: await served.ask('POST', INVOKE, headers, { id: 1 }) };
}

test('with a proof at its request a credential is bound to that key, and counts with proofs of it', async () => {
  const token = await boundToken();
  expect(decodeJwt(token)['cnf']).toEqual({ jkt: mine.jkt });
  expect((await invoke(token, mine)).answer.status).toBe(200);
});

test('a stolen one is no use: without a key, with another, with a proof that was used, or one for something else', async () => {
  const token = await boundToken();
  expect((await invoke(token, undefined)).answer.status).toBe(401);
  expect((await invoke(token, await proofKey())).answer.status).toBe(401);
  const { proof, answer } = await invoke(token, mine);
  expect(answer.status).toBe(200);
  const replayed = await served.ask(
    'POST',
    INVOKE,
    { authorization: `DPoP ${token}`, dpop: proof as string },
    { id: 1 },
  );
  expect(code(replayed)).toContain('401');
  for (const wrong of [{ method: 'GET' }, { url: at('/mcp') }, { token: 'another' }, { claims: { iat: 1 } }]) {
    expect((await invoke(token, mine, wrong)).answer.status).toBe(401);
  }
});

test('the proof of a request for one counts once, for that request, without a token in it', async () => {
  const proof = await prove(mine, { url: at(PATH) });
  expect((await vendWith(proof)).status).toBe(201);
  expect(code(await vendWith(proof))).toBe('400 CREDENTIAL_BINDING_REFUSED');
  const other = await prove(mine, { url: at('/api/v1/tools/default/rename/access') });
  expect(code(await vendWith(other))).toBe('400 CREDENTIAL_BINDING_REFUSED');
  const withToken = await prove(mine, { url: at(PATH), token: key });
  expect(code(await vendWith(withToken))).toBe('400 CREDENTIAL_BINDING_REFUSED');
  expect(code(await vendWith(undefined, { bind: 'key' }))).toBe('400 CREDENTIAL_BINDING_REFUSED');
});

test('an old clock is given a nonce to prove with', async () => {
  const stale = await vendWith(await prove(mine, { url: at(PATH), claims: { iat: 1_700_000_000 } }));
  const nonce = stale.headers.get('dpop-nonce');
  expect([code(stale), typeof nonce]).toEqual(['400 CREDENTIAL_BINDING_REFUSED', 'string']);
  const again = await vendWith(await prove(mine, { url: at(PATH), claims: { iat: 1_700_000_000, nonce } }));
  expect(again.status).toBe(201);
});

test('what is made from a bound one is bound to the same key, and to no other', async () => {
  const token = await boundToken();
  const headers = async (by: ProofKey) => ({
    authorization: `DPoP ${token}`,
    dpop: await prove(by, { url: at(PATH), token }),
  });
  const child = await served.ask('POST', PATH, await headers(mine), { scopes: ['execute'] });
  expect(decodeJwt(child.body['token'] as unknown as string)['cnf']).toEqual({ jkt: mine.jkt });
  expect((await served.ask('POST', PATH, await headers(await proofKey()), {})).status).toBe(401);
  expect((await served.ask('POST', PATH, bearer(token), {})).status).toBe(401);
});

test('a provider is told what one is bound to', async () => {
  const token = await boundToken();
  const publisher = await served.key('publisher', { roles: ['tool_publisher'] });
  const { body } = await served.ask('POST', '/api/v1/credentials/validate', bearer(publisher.key), { token });
  expect(body).toMatchObject({ valid: true, cnf: { jkt: mine.jkt } });
});

test('over a certificate it is bound to that certificate, and counts on its connections alone', async () => {
  const agents = served.agentsUrl?.origin as string;
  const vended = await over(workload, `${agents}${PATH}`, {}, { bind: 'certificate' });
  const { token } = JSON.parse(vended.body) as { token: string };
  expect([vended.status, decodeJwt(token)['cnf']]).toEqual([201, { 'x5t#S256': expect.any(String) }]);
  const use = (certificate: TestCertificate) => over(certificate, `${agents}${INVOKE}`, bearer(token), { id: 1 });
  const used = await use(workload);
  expect([used.status, used.body]).toEqual([200, expect.stringContaining('Basel')]);
  expect((await use(stranger)).status).toBe(401);
  expect((await served.ask('POST', INVOKE, bearer(token), { id: 1 })).status).toBe(401);
  // Where there is no certificate nothing can be bound to one.
  expect(code(await vendWith(undefined, { bind: 'certificate' }))).toBe('400 CREDENTIAL_BINDING_REFUSED');
});

const over = (
  { cert, key: secret }: TestCertificate,
  target: string,
  headers: Record<string, string>,
  body: object,
): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const asking = httpsRequest(
      target,
      {
        ...{ method: 'POST', cert, key: secret, ca: serverCa.cert, agent: false },
        headers: { ...headers, 'content-type': 'application/json' },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode as number, body: text }));
      },
    );
    asking.on('error', reject);
    asking.end(JSON.stringify(body));
  });
