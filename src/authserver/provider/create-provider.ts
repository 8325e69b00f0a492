import type { IncomingMessage } from 'node:http';
import type { Database } from '#db';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { compareClientSecret, mayRedirectTo } from '../clients/client.ts';
import { UsedTwice, inOneUnit } from '../artifacts/unit-of-work.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
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
  const secure = parts.issuer.protocol === 'https:';
  // Secrets are kept as digests, and redirects are compared by our rules: the provider takes an empty port for none.
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: { readonly clientSecret?: string }, presented: string) {
      return compareClientSecret(this.clientSecret, presented);
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
  const noteError = (ctx: KoaContextWithOIDC, error: Error & { readonly error_detail?: string }): void => {
    errorOf.set(ctx, error.error_detail ?? error.message);
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
    // A fault on our side, a database that is busy: nothing was committed, whatever it was.
    if (ctx.status >= 500 && ctx.status !== 503) answerNotNow(ctx);
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
  async function reused(ctx: KoaContextWithOIDC, { grantId }: UsedTwice): Promise<void> {
    if (grantId !== undefined) await endOnce(grantId);
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant', error_description: 'grant request is invalid' };
    errorOf.set(ctx, 'used twice at once');
  }
  return provider;
}

function answerOf(ctx: KoaContextWithOIDC, error: string | undefined): Answered {
  if (ctx.status >= 500) return { outcome: 'failure', error: error ?? 'server_error' };
  const location = ctx.response.get('location');
  if (ctx.status < 400 && !/[?&#]error=/.test(location)) return { outcome: 'success' };
  return { outcome: 'denied', error: error ?? 'refused' };
}
