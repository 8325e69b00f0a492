/** Credentials of ours at MCP servers behind the gateway: what reaches the server, and what of it comes back. */
import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SecretMaterial, SecretReader } from '#contract';
import { Secret } from '#kernel';
import { testAuthority } from '../../../test/certificates.ts';
import { serve } from '../../../test/http-server.ts';
import type { Era, Upstream } from '../../../test/mcp-upstream.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';
import { person, saidIn } from './federated-client.fixture.ts';
import { closeAll, federate, serverDocument, upstream, type Federated } from './federation.fixture.ts';

afterEach(closeAll);

const TOKEN = 'the bearer of ours'.replaceAll(' ', '-');

const vault = (material: SecretMaterial): SecretReader => ({
  read: () => Promise.resolve({ material, version: '1', endsAt: undefined }),
});

async function call({ url }: Federated, name: string, args = {}, era: Era = 'session') {
  const caller = await person(`${url}/mcp`, era);
  try {
    return await caller.call(name, args);
  } finally {
    await caller.close();
  }
}

const sentTo = ({ requests }: Upstream): ReadonlySet<string | undefined> =>
  new Set(requests.map(({ headers }) => headers.authorization));

describe.each(['stateless', 'session'] as const)('a server of the %s era', (era) => {
  it('gets the secret of the vault with every request, streams and goodbyes included, and nothing of the client’s (MCP-016)', async () => {
    const server = await upstream(era);
    const federated = await federate(
      [serverDocument('far', server.url, 'auth: { secret: "secret://default/far" }\n')],
      { secrets: vault({ kind: 'bearer', token: new Secret(TOKEN) }) },
    );
    expect(saidIn(await call(federated, 'far_echo', { text: 'hi' }))).toEqual({ text: 'hi' });
    expect(sentTo(server)).toEqual(new Set([`Bearer ${TOKEN}`]));
    if (era === 'session')
      await vi.waitFor(() => expect(new Set(server.requests.map(({ method }) => method))).toContain('GET'));
    expect(sentTo(server)).toEqual(new Set([`Bearer ${TOKEN}`]));
  });

  it('that repeats the credential does not give it to whoever called (MCP01)', async () => {
    const server = await upstream(era);
    server.offer.secret = `you sent Bearer ${TOKEN}, in base64 ${Buffer.from(TOKEN).toString('base64')}`;
    const federated = await federate(
      [serverDocument('far', server.url, 'auth: { secret: "secret://default/far" }\n')],
      { secrets: vault({ kind: 'bearer', token: new Secret(TOKEN) }) },
    );
    const answer = JSON.stringify(await call(federated, 'far_leak'));
    expect(answer).toContain('[secret]');
    expect(answer).not.toContain(TOKEN);
    expect(answer).not.toContain(Buffer.from(TOKEN).toString('base64').slice(0, -4));
  });

  it('gets a token of ours as an OAuth client, fetched once, and once more after a 401 (RFC 6749 §4.4)', async () => {
    const server = await upstream(era);
    let tokens = 0;
    const endpoint = await serve((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: `token-${++tokens}`, token_type: 'Bearer', expires_in: 3600 }));
    });
    try {
      const more = `auth: { type: clientCredentials, secret: "secret://default/client", tokenUrl: "${endpoint.url}/token" }\n`;
      const federated = await federate([serverDocument('far', server.url, more)], {
        secrets: vault({ kind: 'oauth-client', clientId: 'ours', clientSecret: new Secret('shh-shh-shh') }),
      });
      await Promise.all(['a', 'b', 'c'].map((text) => call(federated, 'far_echo', { text })));
      expect(sentTo(server)).toEqual(new Set(['Bearer token-1']));
      server.requests.length = 0;
      server.offer.intercept = ({ headers }, response) => {
        if (headers.authorization !== 'Bearer token-1') return false;
        response.writeHead(401).end();
        return true;
      };
      const answers = await Promise.all(['a', 'b', 'c'].map((text) => call(federated, 'far_echo', { text })));
      expect(answers.map(saidIn)).toEqual([{ text: 'a' }, { text: 'b' }, { text: 'c' }]);
      expect(tokens).toBe(2);
    } finally {
      await endpoint[Symbol.asyncDispose]();
    }
  });

  it('is shown our client certificate in the handshake, and the next one when it is renewed (RFC 8446)', async () => {
    const authority = testAuthority('Servers');
    const own = authority.issue(['127.0.0.1']);
    const server = await upstream(era, { ...own, ca: authority.cert, requestCert: true, rejectUnauthorized: true });
    const directory = temporaryDirectory();
    const file = (name: string): string => join(directory, name);
    const write = (name: string): void => {
      const { cert, key } = authority.issue([name]);
      writeFileSync(file('ours.pem'), cert);
      writeFileSync(file('ours.key'), key);
    };
    writeFileSync(file('ca.pem'), authority.cert);
    write('ours-1');
    const federated = await federate([
      serverDocument(
        'far',
        server.url,
        `tls: { ca: ${file('ca.pem')} }\nauth: { type: clientCertificate, certificate: ${file('ours.pem')}, key: ${file('ours.key')} }\n`,
      ),
    ]);
    expect(saidIn(await call(federated, 'far_echo', { text: 'hi' }))).toEqual({ text: 'hi' });
    expect(new Set(server.requests.map(({ shown }) => shown))).toEqual(new Set(['ours-1']));
    expect(sentTo(server)).toEqual(new Set([undefined]));
    write('ours-2');
    await vi.waitFor(
      async () => {
        await call(federated, 'far_echo', { text: 'hi' });
        expect(server.requests.at(-1)?.shown).toBe('ours-2');
      },
      { timeout: 20_000, interval: 300 },
    );
    // Without it nobody gets in.
    const nobody = await federate([serverDocument('far', server.url, `tls: { ca: ${file('ca.pem')} }\n`)]);
    expect(nobody.toolbox.current().namespaces.get('default')?.tools.size ?? 0).toBe(0);
  });

  it('is spoken to if its key is pinned, and is sent nothing with another (RFC 7469 §2.4)', async () => {
    const authority = testAuthority('Servers');
    const [own, other] = [authority.issue(['127.0.0.1']), authority.issue(['127.0.0.1'])];
    const server = await upstream(era, own);
    const ca = join(temporaryDirectory(), 'ca.pem');
    writeFileSync(ca, authority.cert);
    const pinned = async (...certificates: readonly { cert: string }[]) => {
      const pins = certificates.map(({ cert }) => {
        const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
        return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
      });
      const auth = 'auth: { secret: "secret://default/far" }\n';
      return await federate([serverDocument('far', server.url, `tls: { ca: ${ca}, pin: [${pins.join()}] }\n${auth}`)], {
        secrets: vault({ kind: 'bearer', token: new Secret(TOKEN) }),
      });
    };
    const wrong = await pinned(other);
    expect(wrong.toolbox.current().namespaces.get('default')?.tools.size ?? 0).toBe(0);
    expect(server.requests).toEqual([]);
    const rolling = await pinned(other, own);
    expect(saidIn(await call(rolling, 'far_echo', { text: 'hi' }))).toEqual({ text: 'hi' });
    expect(sentTo(server)).toEqual(new Set([`Bearer ${TOKEN}`]));
  });
});
