import type { AuthServiceDeclaration, SecretReader } from '#contract';
import { err, ok, Secret, type Clock, type Result } from '#kernel';
import { discover, type Endpoints } from '../provider/discovery.ts';
import { GOOGLE, googleTokenInfo, withoutUnverifiedEmail, type GooglePlaces } from '../provider/google.ts';
import { introspect, type IntrospectionClient } from '../provider/introspection.ts';
import { keySet } from '../provider/key-set.ts';
import { ProviderClient } from '../provider/provider-client.ts';
import { Refreshed } from '../provider/refreshed.ts';
import { TokenService } from './token-service.ts';

export interface ServiceSurroundings {
  readonly clock: Clock;
  readonly secrets: SecretReader;
  /** Who asks where the document does not say; undefined where that is not to be said of one alone. */
  readonly introspectionClient: () => IntrospectionClient | undefined;
  /** Google's addresses; a test has its own. */
  readonly google?: GooglePlaces | undefined;
  /** Told when the keys of an issuer changed. */
  readonly rotated: () => void;
}

/** The service of a document. Nothing is asked of anybody yet. */
export function openService(declaration: AuthServiceDeclaration, surroundings: ServiceSurroundings): TokenService {
  return declaration.type === 'google' ? google(declaration, surroundings) : generic(declaration, surroundings);
}

type Declared<Type> = Extract<AuthServiceDeclaration, { readonly type: Type }>;

const HOUR_MS = 60 * 60_000;

function generic(declaration: Declared<'generic'>, surroundings: ServiceSurroundings): TokenService {
  const { authorizationServer: issuer, audience, allowPrivateNetworks, allowedIpRanges, tls, directory } = declaration;
  const { clock, rotated } = surroundings;
  const client = new ProviderClient({
    ...{ issuer: new URL(issuer), allowPrivateNetworks, allowedIpRanges, tls, directory },
  });
  const endpoints = new Refreshed<Endpoints>({
    fetch: () => discover(client, issuer),
    clock,
    freshMs: HOUR_MS,
    trustedMs: 24 * HOUR_MS,
    pauseMs: 5_000,
  });
  const keys = keySet({
    client,
    clock,
    rotated,
    async place() {
      const found = await endpoints.read();
      return found.ok ? ok(found.value.keys) : found;
    },
  });
  const configured = declaration.introspectionEndpoint;
  // As MCP Toolbox: the one that is configured, the one that is published, the usual one.
  async function endpoint(): Promise<Result<URL, string>> {
    if (configured !== undefined) return ok(new URL(configured));
    const found = await endpoints.read();
    if (!found.ok) return err(found.error);
    return ok(found.value.introspection ?? new URL(`${issuer.replace(/\/$/, '')}/introspect`));
  }
  return new TokenService({
    declaration,
    issuers: [issuer],
    audiences: { bearer: audience, native: audience },
    client,
    keys,
    clock,
    ask: (token) =>
      introspect(token, {
        client,
        endpoint,
        method: declaration.introspectionMethod ?? 'POST',
        parameter: declaration.introspectionParamName ?? 'token',
        credentials: () => credentialsOf(declaration, surroundings),
      }),
  });
}

async function credentialsOf(
  { introspectionClientId: id, introspectionClientSecret: secret, namespace, name }: Declared<'generic'>,
  { secrets, introspectionClient }: ServiceSurroundings,
): Promise<IntrospectionClient | undefined> {
  if (id === undefined || secret === undefined) return introspectionClient();
  if (secret instanceof Secret) return { id, secret };
  const by = `authService \`${name}\``;
  const { material } = await secrets.read(secret, { namespace, by, connection: `authService ${namespace}/${name}` });
  if (material.kind === 'oauth-client') return { id, secret: material.clientSecret };
  if (material.kind === 'password') return { id, secret: material.password };
  if (material.kind === 'api-key') return { id, secret: material.key };
  throw new Error(`a secret of kind \`${material.kind}\` is no secret of a client`);
}

function google(declaration: Declared<'google'>, surroundings: ServiceSurroundings): TokenService {
  const { clock, rotated, google: places = GOOGLE } = surroundings;
  const client = new ProviderClient({ issuer: new URL(places.issuer) });
  const { clientId, audience } = declaration;
  return new TokenService({
    declaration,
    // ID tokens of Google may leave the scheme out (OpenID Connect Core §16.15).
    issuers: [places.issuer, places.issuer.replace(/^https?:\/\//, '')],
    audiences: { bearer: (audience ?? clientId) as string, native: (clientId ?? audience) as string },
    client,
    keys: keySet({ client, clock, rotated, place: async () => ok(new URL(places.keys)) }),
    clock,
    ask: (token) => googleTokenInfo(token, client, places),
    trusted: withoutUnverifiedEmail,
  });
}
