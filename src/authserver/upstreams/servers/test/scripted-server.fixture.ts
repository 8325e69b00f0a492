/**
 * An MCP server with an authorization server of its own, on loopback: real HTTP, real codes and tokens, PKCE checked.
 * A test says what is strange about it.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { serverOAuthSchema, type ProtectedServer } from '#contract';
import { serve, type TestServer } from '../../../../../test/http-server.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface Strange {
  /** In the place of what stands in the documents; a field that is undefined is left out. */
  readonly resource?: Fields;
  readonly metadata?: Fields;
  /** Where the documents lie; nothing is at any other place. */
  readonly resourceAt?: string | undefined;
  readonly metadataAt?: string | undefined;
  /** Of the issuer and its endpoints: `/tenant`. */
  readonly issuerPath?: string;
  /** `WWW-Authenticate` of the 401, with the origin for `{url}`; the default names the resource metadata. */
  readonly challenge?: string;
  /** The answer of the authorization endpoint. */
  readonly answer?: (query: URLSearchParams) => void;
  /** `scope` of token answers; left out by default. */
  readonly scope?: string;
  readonly registered?: Fields;
  /** Answers in the place of everything else, when it says so. */
  readonly before?: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly withoutRefresh?: boolean;
}

export interface ScriptedServer {
  readonly url: string;
  readonly http: TestServer;
  strange: Strange;
  /** Bodies of token requests, and how their client authenticated. */
  readonly tokens: { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  readonly registrations: Fields[];
  readonly authorizations: URLSearchParams[];
  /** Access tokens that the server takes. */
  readonly accepted: Set<string>;
  /** What the server is called in a configuration. */
  document(auth?: Fields, more?: Partial<ProtectedServer>): ProtectedServer;
}

export const NAME = 'mcp~default~flights';

export async function startScripted(strange: Strange = {}): Promise<ScriptedServer> {
  const tokens: ScriptedServer['tokens'] = [];
  const registrations: Fields[] = [];
  const authorizations: URLSearchParams[] = [];
  const codes = new Map<string, string>();
  const refreshTokens = new Set<string>();
  const accepted = new Set<string>();
  const http = await serve((request, response) => answer(request, response));
  onTestFinished(() => http[Symbol.asyncDispose]());
  const { url } = http;
  const server: ScriptedServer = {
    ...{ url, http, strange, tokens, registrations, authorizations, accepted },
    document: (auth = {}, more = {}) => ({
      ...{ namespace: 'default', name: 'flights', displayName: 'Flights', url: `${url}/mcp` },
      auth: serverOAuthSchema.parse({ type: 'oauth', ...auth }),
      reach: { allowedIpRanges: [], customBlockedIpRanges: [], allowPrivateNetworks: true },
      ...more,
    }),
  };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { strange: now } = server;
    if (now.before?.(request, response) === true) return;
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const { body = '' } = http.received.at(-1) ?? {};
    const issuer = url + (now.issuerPath ?? '');
    const json = (status: number, value: Fields): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    const resourceAt = 'resourceAt' in now ? now.resourceAt : '/.well-known/oauth-protected-resource/mcp';
    const metadataAt =
      'metadataAt' in now ? now.metadataAt : `/.well-known/oauth-authorization-server${now.issuerPath ?? ''}`;
    if (pathname === '/mcp') {
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (token !== undefined && accepted.has(token)) return json(200, { jsonrpc: '2.0', id: 1, result: {} });
      const challenge = now.challenge ?? `Bearer resource_metadata="{url}${resourceAt}"`;
      response.setHeader('www-authenticate', challenge.replaceAll('{url}', url));
      return json(401, { error: 'invalid_token' });
    }
    if (pathname === resourceAt)
      return json(200, { resource: `${url}/mcp`, authorization_servers: [issuer], ...now.resource });
    if (pathname === metadataAt)
      return json(200, {
        issuer,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        registration_endpoint: `${url}/register`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
        authorization_response_iss_parameter_supported: true,
        ...now.metadata,
      });
    if (pathname === '/register') {
      registrations.push(JSON.parse(body) as Fields);
      const { token_endpoint_auth_method: method } = registrations.at(-1) as Fields;
      const secret = method === 'none' ? {} : { client_secret: 'a secret of the other side' };
      return json(201, { client_id: `client-${registrations.length}`, ...secret, ...now.registered });
    }
    if (pathname === '/authorize') {
      authorizations.push(searchParams);
      const code = randomBytes(16).toString('hex');
      codes.set(code, searchParams.get('code_challenge') ?? '');
      const to = new URL(searchParams.get('redirect_uri') ?? '');
      to.search = new URLSearchParams({ code, state: searchParams.get('state') ?? '', iss: issuer }).toString();
      now.answer?.(to.searchParams);
      return void response.writeHead(302, { location: to.href }).end();
    }
    if (pathname === '/token') return json(...token(new URLSearchParams(body), request.headers.authorization));
    response.writeHead(404).end();
  }

  function token(form: URLSearchParams, authorization: string | undefined): [number, Fields] {
    tokens.push({ form, authorization });
    const grant = form.get('grant_type');
    if (grant === 'authorization_code') {
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      const code = form.get('code') ?? '';
      const isGood = codes.get(code) === challenge;
      codes.delete(code);
      if (!isGood) return [400, { error: 'invalid_grant' }];
    }
    // Rotating: each is good once.
    if (grant === 'refresh_token' && !refreshTokens.delete(form.get('refresh_token') ?? ''))
      return [400, { error: 'invalid_grant' }];
    const [access, refresh] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    accepted.add(access);
    const { scope, withoutRefresh } = server.strange;
    if (grant !== 'client_credentials' && withoutRefresh !== true) refreshTokens.add(refresh);
    return [
      200,
      {
        ...{ access_token: access, token_type: 'Bearer', expires_in: 3600 },
        ...(refreshTokens.has(refresh) && { refresh_token: refresh }),
        ...(scope !== undefined && { scope }),
      },
    ];
  }
  return server;
}
