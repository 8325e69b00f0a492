import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditTrail } from '#contract';
import type { Database } from '#db';
import { readInstallationSecret, type SecretSealer } from '#http';
import {
  documentHeaders,
  html,
  noticeOf,
  readCookie,
  type SignInServices,
  type Standings,
  type UserDirectory,
} from '#identity';
import { ChatelaineError, type Clock, type Logger } from '#kernel';
import type { Provider } from 'oidc-provider';
import { Artifacts } from './artifacts/artifacts.ts';
import { ContentCipher } from './artifacts/content-cipher.ts';
import type { ClientSource } from './clients/client-source.ts';
import type { ClientRegistrar } from './clients/registrar.ts';
import type { KeySet, SigningKeys } from './keys/index.ts';
import { accountOf } from './provider/account.ts';
import { sessionCookie } from './provider/configuration.ts';
import { isRegistrationPath, register, type RegistrationAnswer } from './provider/registration.ts';
import { createProvider } from './provider/create-provider.ts';
import { Interactions, type Reply, type Visiting } from './provider/interactions.ts';
import { deviceFlow } from './provider/device-pages.ts';
import { Connections } from './provider/connections.ts';
import { CONNECTIONS } from './pages/connections-page.ts';
import { prepared } from './provider/prepared.ts';
import { OAuthRecords, type Asking } from './provider/records.ts';
import { authServerError } from './errors.ts';
import { INTERACTION, LIFETIMES, ROUTES, type Lifetimes } from './provider/settings.ts';
import { StandingConsents } from './provider/standing-consents.ts';
import { TokenRecords } from './provider/token-records.ts';
import type { OwnerMap } from './resources/owner-map.ts';
import { Consents } from './token-sessions/consents.ts';
import { OwnTokenVerifier } from './token-sessions/own-token-verifier.ts';
import { TokenSessions } from './token-sessions/token-sessions.ts';

export interface AuthorizationServerOptions {
  /** Where clients and browsers reach this server; its origin is the issuer. */
  readonly publicUrl: URL;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly trail: AuditTrail;
  /** Of the vault, which was given `apiSecretColumn`. */
  readonly sealer: SecretSealer;
  readonly signIn: SignInServices;
  readonly users: UserDirectory;
  readonly standings: Standings;
  readonly owners: OwnerMap;
  readonly clients: ClientSource;
  /** Where clients register themselves; nobody does without it. */
  readonly registrar?: ClientRegistrar;
  /** Whether `clients` finds those that publish a metadata document. */
  readonly documents?: boolean;
  readonly keys: Pick<SigningKeys, 'current'>;
  /** News of changes to people and keys in this process: `ChangeFrame.changes`. */
  readonly changes: { onChange(told: () => void): void };
  /** For what clients publish: `guardedFetch`. */
  readonly fetch: typeof fetch;
  readonly lifetimes?: Lifetimes;
}

/** What the listener knows of a request. */
export interface Arrival {
  readonly requestId: string;
  readonly address: string | undefined;
  /** What every answer to it carries. Flat: name, value, name, value. */
  readonly headers: readonly string[];
}

/** The authorization server behind a listener. */
export interface AuthorizationServer {
  /** Whether the path is one of its own. */
  answers(path: string): boolean;
  /** Answers; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void>;
  readonly issuer: string;
  readonly verifier: OwnTokenVerifier;
  readonly sessions: TokenSessions;
  close(): Promise<void>;
}

const METADATA = /^\/\.well-known\/(oauth-authorization-server|openid-configuration)(?:\/.*)?$/;
const KEYS = '/.well-known/jwks.json';

/** Whether a path is the authorization server's, also where none is open yet. */
export const isAuthorizationServerPath = (path: string): boolean =>
  path.startsWith('/oauth/') || path === CONNECTIONS || path === KEYS || METADATA.test(path);

/**
 * Opens the authorization server. The provider is loaded by the first request to it: a server whose callers all
 * have keys never pays for it.
 */
export async function openAuthorizationServer(options: AuthorizationServerOptions): Promise<AuthorizationServer> {
  const { publicUrl, database, clock, log, trail, owners, clients, users, standings } = options;
  const lifetimes = options.lifetimes ?? LIFETIMES;
  const secret = await readInstallationSecret({ database, sealer: options.sealer }, 'oauth', () => randomBytes(32));
  const artifacts = new Artifacts({ database, clock, cipher: new ContentCipher(secret) });
  const sessions = new TokenSessions({ database, clock, idleSeconds: lifetimes.refreshToken });
  const tokens = new TokenRecords({ artifacts, sessions, clients, clock });
  const consents = new Consents({ database, clock, clients });
  const records = new OAuthRecords(trail, clock);
  const asking = new WeakMap<object, Asking>();
  const signedIn = new WeakMap<object, string>();
  const userCodes = new WeakMap<object, string>();
  let built: { readonly of: KeySet; readonly provider: Promise<Provider> } | undefined;
  const interactions = new Interactions({
    ...{ database, trail, sessions, consents, owners, clients },
    provider: () => openProvider(),
    signIn: options.signIn,
  });
  const standing = new StandingConsents({ sessions, consents, owners, clients });
  const connections = new Connections({ sessions, trail, interactions });
  const verifier = new OwnTokenVerifier({
    ...{ artifacts, sessions, standings, database, clock, issuer: publicUrl.origin },
    keys: options.keys,
  });

  options.changes.onChange(() => {
    sessions.forget();
    verifier.forget();
  });

  /** The provider that signs with the keys of now: it takes none while it runs, so a rotation makes another. */
  async function openProvider(): Promise<Provider> {
    const set = await options.keys.current();
    if (built?.of !== set) built = { of: set, provider: build(set) };
    const { provider } = built;
    // What could not be made may be possible at the next request.
    provider.catch(() => (built = undefined));
    return provider;
  }

  function build({ signer }: KeySet): Promise<Provider> {
    const { kid, algorithm, privateKey } = signer;
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
    return createProvider(
      {
        ...{ artifacts, clients, owners, tokens, sessions, lifetimes },
        issuer: publicUrl,
        keys: { keys: [jwk] },
        signingAlgorithm: algorithm,
        fetch: options.fetch,
        metadata: {
          ...(options.registrar && { registration_endpoint: `${publicUrl.origin}${ROUTES.registration}` }),
          ...(options.documents === true && { client_id_metadata_document_supported: true }),
        },
        async account(userId) {
          const standing = await standings.ofUser(userId);
          const user = standing && (await users.find(userId));
          return standing && user && accountOf(user, standing.groups);
        },
        signedInAs: (request) => signedIn.get(request),
        standingGrant: (ctx) => standing.grantFor(ctx, signedIn.get(ctx.req)),
        deviceFlow: deviceFlow({
          clients,
          page: (title, body) => interactions.page(title, body),
          codeOf: (request) => userCodes.get(request),
        }),
        renderError(ctx, out) {
          ctx.type = 'html';
          for (const [name, value] of Object.entries(documentHeaders())) ctx.set(name, value);
          ctx.body = errorPage(out.error_description ?? out.error).text;
        },
        cookieKeys: [secret.toString('base64url')],
      },
      {
        ...{ database, sessions, records },
        askingOf: (request) => asking.get(request) ?? { requestId: 'none', address: undefined },
        failed: (error, requestId) => log.error({ err: error, requestId }, 'the authorization server met a fault'),
      },
    );
  }

  const errorPage = (said: string) =>
    interactions.page(
      'That did not work',
      html`${noticeOf(`${said}.`, 'bad')}
        <p class="hint">Go back to the program that sent you here. If this happens again, tell whoever runs it.</p>`,
    );

  /** A step of signing in or consent. */
  async function step(visiting: Visiting): Promise<Reply> {
    try {
      const { method } = visiting.request;
      const isConnections = pathOf(visiting.request) === CONNECTIONS;
      if (method === 'GET' || method === 'HEAD')
        return await (isConnections ? connections.show(visiting) : interactions.show(visiting));
      if (method === 'POST') return await (isConnections ? connections.end(visiting) : interactions.decide(visiting));
      return { status: 405, page: errorPage('This page takes no such request') };
    } catch (error) {
      if (!(error instanceof ChatelaineError)) throw error;
      return { status: error.status, page: errorPage(error.message) };
    }
  }

  async function visit(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void> {
    const path = pathOf(request);
    if (path === CONNECTIONS || path.startsWith(`${INTERACTION}/`)) {
      send(response, await step({ request, response, ...arrival }));
      return;
    }
    if (path === KEYS) {
      sendKeys(response, await options.keys.current());
      return;
    }
    if (isRegistrationPath(path)) {
      if (options.registrar === undefined)
        throw authServerError('OAUTH_REGISTRATION_CLOSED', 'clients do not register themselves here');
      const asked = { requestId: arrival.requestId, address: arrival.address };
      sendRegistration(response, await register(request, path, asked, { registrar: options.registrar, records }));
      return;
    }
    const live = await interactions.signedIn(request);
    const cookie = await cookiesFor(request, live?.person.id);
    const forProvider = await prepared(request, { path, owners, metadata: METADATA, verifier, cookie });
    const userCode = new URLSearchParams((request.url ?? '').split('?')[1]).get('user_code');
    if (userCode !== null) userCodes.set(forProvider, userCode);
    asking.set(forProvider, { requestId: arrival.requestId, address: arrival.address });
    if (live?.stage === 'active') signedIn.set(forProvider, live.person.id);
    await (await openProvider()).callback()(forProvider, response);
  }

  /**
   * The cookies without that of a provider session which is another person's than whoever is signed in now: on a
   * shared machine nothing is allowed in the name of somebody who has left.
   */
  async function cookiesFor({ headers }: IncomingMessage, userId: string | undefined): Promise<string | null> {
    const name = sessionCookie(publicUrl);
    const id = readCookie(headers.cookie, name);
    if (headers.cookie === undefined || id === undefined) return headers.cookie ?? null;
    const { accountId } = (await artifacts.find('Session', id)) ?? {};
    if (accountId === undefined || accountId === userId) return headers.cookie;
    const others = headers.cookie.split(';').filter((pair) => !pair.trim().startsWith(name));
    return others.length === 0 ? null : others.join(';');
  }

  return {
    issuer: publicUrl.origin,
    verifier,
    sessions,
    answers: isAuthorizationServerPath,
    async handle(request, response, arrival) {
      const { headers } = arrival;
      for (let at = 0; at < headers.length; at += 2)
        response.setHeader(headers[at] as string, headers[at + 1] as string);
      try {
        await visit(request, response, arrival);
      } catch (error) {
        if (response.headersSent || request.destroyed) return void response.destroy();
        fail(response, error, arrival);
      }
    },
    close: () => records.close(),
  };

  /** In the shape of RFC 6749 §5.2, since programs alone get here. */
  function fail(response: ServerResponse, error: unknown, { requestId }: Arrival): void {
    const known = error instanceof ChatelaineError;
    if (!known) log.error({ err: error, requestId }, 'the authorization server met a fault');
    const status = known ? error.status : 503;
    const body = JSON.stringify({
      error: status < 500 ? 'invalid_request' : 'temporarily_unavailable',
      error_description: known
        ? error.message
        : `the server met a fault of its own; its log has it under \`${requestId}\``,
    });
    const retry = status === 503 ? { 'Retry-After': '1' } : {};
    response
      .writeHead(status, {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
        Connection: 'close',
        ...retry,
      })
      .end(body);
  }
}

function send(response: ServerResponse, reply: Reply): void {
  if ('to' in reply) {
    response.writeHead(303, { ...documentHeaders(), Location: reply.to, 'Content-Length': 0 }).end();
    return;
  }
  const { text } = reply.page;
  response
    .writeHead(reply.status, {
      ...documentHeaders(undefined, reply.leadsTo),
      'Content-Type': 'text/html; charset=utf-8',
      ...(reply.refresh !== undefined && { Refresh: `0; url=${reply.refresh}` }),
      'Content-Length': Buffer.byteLength(text),
    })
    .end(text);
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] as string;

/** The JWK Set (RFC 7517 §5): to be kept for as long as a key is published before it signs. */
function sendKeys(response: ServerResponse, { jwks }: KeySet): void {
  const body = JSON.stringify(jwks);
  response
    .writeHead(200, {
      'Content-Type': 'application/jwk-set+json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'public, max-age=300',
      'Access-Control-Allow-Origin': '*',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(body);
}

function sendRegistration(response: ServerResponse, { status, body, headers }: RegistrationAnswer): void {
  response.writeHead(status, {
    ...headers,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    // For clients that run in a page: what registers is nobody, and the answer is for whoever asked.
    'Access-Control-Allow-Origin': '*',
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
