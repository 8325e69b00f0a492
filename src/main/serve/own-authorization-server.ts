import type { AuthorizationServer, DeclaredClients, ResourceOwner } from '#authserver';
import type { SecretReader } from '#contract';
import type { Pages } from '#gateway';
import type { Clock, Logger } from '#kernel';
import { placeOfUrl, type Issuer } from '#resource-server';
import type { ToolboxSnapshot } from '#toolbox';
import type { Endings } from '../endings.ts';
import type { Services } from '../services/index.ts';

/** Our authorization server, as the listener and the resource server take it. */
export interface OwnAuthorizationServer {
  readonly pages: Pages;
  readonly issuer: Issuer;
}

export interface OwnAuthorizationServerParts {
  /** `publicUrl` of the configuration: an issuer is a URL that stays, so there is none without it. */
  readonly publicUrl: URL;
  readonly services: Services;
  readonly clients: DeclaredClients;
  readonly secrets: SecretReader;
  readonly snapshot: () => ToolboxSnapshot;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}

/**
 * The authorization server under the configured `publicUrl`, opened by the first request to it or the first token
 * of its own: a server whose callers all have keys loads none of it.
 */
export function ownAuthorizationServer(parts: OwnAuthorizationServerParts): OwnAuthorizationServer {
  const { publicUrl, endings } = parts;
  let opening: Promise<AuthorizationServer> | undefined;
  const opened = (): Promise<AuthorizationServer> => {
    opening ??= open(parts).then((server) => {
      endings.add('authorization server', () => server.close());
      return server;
    });
    // What failed may succeed at the next request.
    opening.catch(() => (opening = undefined));
    return opening;
  };
  return {
    issuer: {
      issuer: publicUrl.origin,
      verifier: { verify: async (token) => (await opened()).verifier.verify(token) },
    },
    pages: {
      answers: isItsPath,
      handle: async (request, response, arrival) => (await opened()).handle(request, response, arrival),
    },
  };
}

/** As `isAuthorizationServerPath`, which is not loaded before one of these is asked for. */
const isItsPath = (path: string): boolean =>
  path.startsWith('/oauth/') ||
  path === '/console/connections' ||
  /^\/\.well-known\/(?:jwks\.json$|(?:oauth-authorization-server|openid-configuration)(?:\/|$))/.test(path);

/**
 * Says what of the documents has no effect: somebody who declared it believes that it does.
 *
 * Signing in at identity providers is not served yet; their documents are read and checked all the same.
 */
export function warnOfUnused(
  declared: { readonly clients: readonly unknown[]; readonly upstreams: readonly unknown[] },
  isServed: boolean,
  log: Logger,
): void {
  const event = 'configuration.unused';
  if (declared.clients.length > 0 && !isServed)
    log.warn(
      { event },
      '`kind: client` has no effect: there is no authorization server without `publicUrl` of `kind: server`',
    );
  if (declared.upstreams.length > 0)
    log.warn({ event }, '`kind: upstream` has no effect: this version does not sign people in at identity providers');
}

async function open(parts: OwnAuthorizationServerParts): Promise<AuthorizationServer> {
  const { publicUrl, services, clients: declared, secrets, snapshot, clock, log } = parts;
  const { database, audit, vault, identity, users } = services;
  const [authserver, { EgressClient }, { keys }] = await Promise.all([
    import('#authserver'),
    import('#egress'),
    services.signing(),
  ]);
  const egress = new EgressClient({ rules: { allowed: [], blocked: [], allowPrivateNetworks: false } });
  const registration = authserver.REGISTRATION_SETTINGS;
  const documents = new authserver.DocumentResolver({ egress, clock, log, settings: { baselineScopes: [] } });
  return await authserver.openAuthorizationServer({
    ...{ publicUrl, database, clock, log, users, keys, trail: audit },
    sealer: vault.envelope,
    signIn: services.signIn(publicUrl),
    standings: identity.standings,
    owners: authserver.ownerMap({
      publicUrl,
      doors: (path) => doorAt(publicUrl, path, snapshot()),
      declared: () => [],
      upstreams: () => [],
    }),
    clients: new authserver.ClientDirectory({ database, clock, declared, secrets, registration, documents }),
    documents: true,
    registrar: new authserver.ClientRegistrar({
      frame: identity.frame,
      settings: registration,
      endpoint: new URL('/oauth/register', publicUrl),
    }),
    fetch: authserver.guardedFetch(egress),
    changes: identity.frame.changes,
  });
}

/** A door of this server, with the scopes that its tools ask for; undefined where there is none. */
function doorAt(
  publicUrl: URL,
  path: string,
  { namespaces }: ToolboxSnapshot,
): Pick<ResourceOwner, 'scopes'> | undefined {
  const place = placeOfUrl(publicUrl, publicUrl.origin + path);
  if (place === undefined || place.kind === 'server') return undefined;
  if (place.kind === 'api') return { scopes: [] };
  const view = namespaces.get(place.namespace);
  const toolset = place.kind === 'mcp' ? place.toolset : undefined;
  const group = toolset === undefined ? view?.all : view?.groups.get(toolset);
  return group && { scopes: [...new Set(group.tools.flatMap((tool) => tool.scopesRequired))].toSorted() };
}
