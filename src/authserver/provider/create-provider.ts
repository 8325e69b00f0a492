import type { IncomingMessage } from 'node:http';
import type { Database } from '#db';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { compareClientSecret, mayRedirectTo } from '../clients/client.ts';
import { UsedTwice, inOneUnit } from '../artifacts/unit-of-work.ts';
import type { Judged } from '../limits/index.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import { registerGrantTypes } from '../grant-types/index.ts';
import { providerConfiguration, type ProviderParts } from './configuration.ts';
import type { OAuthRecords, Answered, Asking } from './records.ts';

/** What surrounds every request to the provider. */
export interface Surroundings {
  readonly database: Database;
  readonly sessions: TokenSessions;
  readonly records: OAuthRecords;
  /** What the listener knows of a request that was handed to the provider. */
  readonly askingOf: (request: IncomingMessage) => Asking;
  readonly failed: (error: unknown, requestId: string) => void;
  /** Told what the provider made of a request before its answer leaves. */
  readonly judged: (request: IncomingMessage, judged: Judged) => Promise<void>;
}

/** What of the provider's client says where codes may go. */
interface ClientRedirects {
  readonly redirectUris?: readonly string[];
  readonly applicationType: 'web' | 'native';
}

/**
 * The provider with our frame around it. Each request is one unit: its writes are committed together, its record
 * is durable, and only then its answer leaves.
 */
export async function createProvider(parts: ProviderParts, around: Surroundings): Promise<Provider> {
  const oidc = await import('oidc-provider');
  const provider = new oidc.default(parts.issuer.origin, providerConfiguration(parts, oidc));
  registerGrantTypes(provider, parts.grantTypes, oidc.errors);
  // Where a request was sent is said by us (`rewritten`): Koa would ask the socket, and TLS may end elsewhere.
  Object.defineProperty((provider as unknown as { readonly request: object }).request, 'protocol', {
    get(this: { readonly req: { readonly base?: URL } }) {
      return (this.req.base ?? parts.issuer).protocol.slice(0, -1);
    },
  });
  const secure = parts.issuer.protocol === 'https:';
  const secrets = new WeakMap<object, 'right' | 'wrong'>();
  // Secrets are kept as digests, and redirects are compared by our rules: the provider takes an empty port for none.
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: { readonly clientSecret?: string }, presented: string) {
      const isRight = compareClientSecret(this.clientSecret, presented);
      const asked = oidc.default.ctx?.req;
      if (asked !== undefined) secrets.set(asked, isRight ? 'right' : 'wrong');
      return isRight;
    },
    redirectUriAllowed(this: ClientRedirects, presented: string) {
      return mayRedirectTo({ redirectUris: this.redirectUris ?? [], applicationType: this.applicationType }, presented);
    },
  });
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: Error) =>
    around.failed(error, around.askingOf(ctx.req).requestId),
  );
  // What goes wrong beyond the provider's own handlers: logged by us, and not on the standard error of Koa.
  (provider as NodeJS.EventEmitter).on('error', () => {});
  const errorOf = new WeakMap<object, string>();
  const replayedIn = new WeakSet<object>();
  const noteError = (ctx: KoaContextWithOIDC, error: ProviderError): void => {
    errorOf.set(ctx, error.error_detail ?? error.message);
    if (error.error_detail === REPLAYED || error.error_description === REPLAYED) replayedIn.add(ctx);
  };
  for (const event of [
    'authorization.error',
    'grant.error',
    'revocation.error',
    'introspection.error',
    'userinfo.error',
    'pushed_authorization_request.error',
    'device_authorization.error',
  ] as const)
    provider.on(event as 'grant.error', noteError);

  provider.use(async (context, next) => {
    const ctx = context as unknown as KoaContextWithOIDC;
    // TLS may end at a proxy in front: what counts is how browsers reach us.
    ctx.cookies.secure = secure;
    try {
      await inOneUnit(around.database, next, () => ctx.status < 500);
    } catch (error) {
      if (error instanceof UsedTwice) await reused(ctx, error).catch((fault: unknown) => notNow(ctx, fault));
      else notNow(ctx, error);
    }
    if (replayedIn.has(ctx) && ctx.status === 400) proofUsedTwice(ctx);
    // A fault on our side, a database that is busy: nothing was committed, whatever it was.
    if (ctx.status >= 500 && ctx.status !== 503) answerNotNow(ctx);
    // A client that is not there is one whose secret was wrong: by nothing shall they be told apart.
    const secret = secrets.get(ctx.req) ?? (ctx.status === 401 ? 'wrong' : undefined);
    const isOurFault = ctx.status >= 500;
    const judged = {
      secret: isOurFault ? undefined : secret,
      foundCode: isOurFault || ctx.oidc?.deviceCode !== undefined,
    };
    // What was committed is answered: that a count could not be corrected takes nothing back.
    await around.judged(ctx.req, judged).catch((error: unknown) => {
      around.failed(error, around.askingOf(ctx.req).requestId);
    });
    if (ctx.oidc?.route !== undefined)
      await around.records.answered(ctx, around.askingOf(ctx.req), answerOf(ctx, errorOf.get(ctx)));
  });

  /** Of many that come at once with one code the first ends the session; the others wait for it. */
  const ending = new Map<string, Promise<void>>();
  function endOnce(id: string): Promise<void> {
    const under = ending.get(id) ?? around.sessions.end({ id }, 'reuse').finally(() => ending.delete(id));
    ending.set(id, under);
    return under;
  }

  /** Nothing was committed: the same request may succeed as it is. */
  function notNow(ctx: KoaContextWithOIDC, error: unknown): void {
    around.failed(error, around.askingOf(ctx.req).requestId);
    answerNotNow(ctx);
  }

  function answerNotNow(ctx: KoaContextWithOIDC): void {
    ctx.status = 503;
    ctx.set('Retry-After', '1');
    ctx.body = { error: 'temporarily_unavailable', error_description: 'the request changed nothing; send it again' };
    errorOf.set(ctx, 'temporarily_unavailable');
  }

  /** A second use is theft of one or the other: what was issued ends, and both begin anew (RFC 9700 §4.14.2). */
  async function reused(ctx: KoaContextWithOIDC, { model, grantId }: UsedTwice): Promise<void> {
    if (model === 'ReplayDetection') return ctx.get('dpop') === '' ? assertionUsedTwice(ctx) : proofUsedTwice(ctx);
    if (grantId !== undefined) await endOnce(grantId);
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant', error_description: 'grant request is invalid' };
    errorOf.set(ctx, 'used twice at once');
  }
  /** RFC 9449 §5, §11.1: the provider takes it for a fault of the grant, and a client would begin that anew. */
  function proofUsedTwice(ctx: KoaContextWithOIDC): void {
    ctx.status = 400;
    ctx.body = { error: 'invalid_dpop_proof', error_description: 'the DPoP proof was used before' };
    errorOf.set(ctx, 'a DPoP proof was used twice');
  }

  /** RFC 7523 §3; RFC 6749 §5.2. */
  function assertionUsedTwice(ctx: KoaContextWithOIDC): void {
    ctx.status = 401;
    ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' };
    errorOf.set(ctx, 'a client assertion was used twice');
  }
  return provider;
}

type ProviderError = Error & { readonly error_detail?: string; readonly error_description?: string };

/** What the provider says of a DPoP proof that it has seen. */
const REPLAYED = 'DPoP proof JWT Replay detected';

function answerOf(ctx: KoaContextWithOIDC, error: string | undefined): Answered {
  if (ctx.status >= 500) return { outcome: 'failure', error: error ?? 'server_error' };
  const location = ctx.response.get('location');
  if (ctx.status < 400 && !/[?&#]error=/.test(location)) return { outcome: 'success' };
  return { outcome: 'denied', error: error ?? 'refused' };
}
