/** An identity provider of our own on a real port: discovery, keys, introspection, Google's tokeninfo, and trouble on demand. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignJWT, type JWTHeaderParameters } from 'jose';
import { serve, type Received, type TestServer } from './http-server.ts';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

/** A key as issuers have them. */
export function signingKey(
  alg: 'ES256' | 'RS256' | 'EdDSA' | 'PS384' = 'ES256',
  kid: string = randomUUID(),
): SigningKey {
  const pair =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : alg === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    kid,
    alg,
    privateKey: pair.privateKey,
    jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
  };
}

export const AUDIENCE = 'https://tools.example/mcp';

/** What the provider answers instead of what is right. */
export type Trouble = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  readonly key: SigningKey;
  /** Published; replaced to rotate. */
  keys: SigningKey[];
  /** Members that replace those of the discovery document. */
  configuration: Record<string, unknown>;
  /** By path, what goes wrong. */
  readonly trouble: Map<string, Trouble>;
  /** What introspection says of a token; `{active: false}` of others. */
  readonly opaque: Map<string, unknown>;
  readonly server: TestServer;
  asked(path: string): readonly Received[];
  /** A signed token: claims of a good one, and those given instead; `undefined` leaves one out. */
  token(
    claims?: Record<string, unknown>,
    options?: { header?: Partial<JWTHeaderParameters>; key?: SigningKey },
  ): Promise<string>;
  /** The same claims as introspection tells them. */
  claims(claims?: Record<string, unknown>): Record<string, unknown>;
}

export async function startIssuer(): Promise<TestIssuer> {
  const key = signingKey();
  const server = await serve((request, response) => answer(request, response));
  const issuer: TestIssuer = {
    url: server.url,
    key,
    keys: [key],
    configuration: {},
    trouble: new Map(),
    opaque: new Map(),
    server,
    asked: (path) => server.received.filter(({ url }) => url.split('?')[0] === path),
    claims(claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: server.url, sub: 'alice', aud: AUDIENCE, iat: now, exp: now + 600, scope: 'read' };
      return Object.fromEntries(Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined));
    },
    async token(claims = {}, { header = {}, key: signer = issuer.key } = {}) {
      return new SignJWT(issuer.claims(claims))
        .setProtectedHeader({ alg: signer.alg, kid: signer.kid, typ: 'at+jwt', ...header })
        .sign(signer.privateKey);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', server.url);
    const trouble = issuer.trouble.get(url.pathname);
    if (trouble !== undefined) return trouble(request, response);
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(response, {
          issuer: server.url,
          jwks_uri: `${server.url}/keys`,
          introspection_endpoint: `${server.url}/introspection`,
          ...issuer.configuration,
        });
      case '/keys':
        return json(response, { keys: issuer.keys.map(({ jwk }) => jwk) });
      case '/introspection':
      case '/introspect':
      case '/tokeninfo': {
        const form = new URLSearchParams(request.method === 'POST' ? server.received.at(-1)?.body : url.search);
        const token = ['token', 'access_token', 't'].map((name) => form.get(name)).find((value) => value !== null);
        const said = issuer.opaque.get(token ?? '');
        if (said === undefined && url.pathname === '/tokeninfo') return json(response, { error: 'invalid_token' }, 400);
        return json(response, said ?? { active: false });
      }
      default:
        response.writeHead(404).end();
    }
  }
  return issuer;
}

/** Answers JSON. */
export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
