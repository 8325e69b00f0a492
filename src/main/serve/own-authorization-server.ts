import type { AuthorizationServer, InternalExchanges, Lifetimes, ResourceOwner } from '#authserver';
import {
  ADMINISTRATION_SCOPES,
  GATEWAY_OWNER,
  isLoopbackHost,
  primaryProvider,
  publicUrlOf,
  type AuthorizationServerSettings,
  type OwnServerTokens,
  type ProtectedServer,
  type SecretReader,
  type ServerSettings,
  type ThemeSettings,
} from '#contract';
import type { CallerGrants, Pages } from '#gateway';
import type { SignInElsewhere } from '#identity';
import type { Clock, Logger } from '#kernel';
import { admissionOf, placeOfUrl, type Issuer } from '#resource-server';
import type { ToolboxSnapshot } from '#toolbox';
import type { Configured } from '../configuration/index.ts';
import type { Endings } from '../endings.ts';
import type { Services } from '../services/index.ts';

/** Our authorization server, as the listener and the resource server take it. */
export interface OwnAuthorizationServer {
  readonly pages: Pages;
  /** What of it programs ask, for a listener whose clients show certificates. */
  readonly programs: Pages;
  readonly issuer: Issuer;
  /** Tokens of callers at identity providers. */
  readonly grants: CallerGrants;
  /** Our own tokens of authorization servers that MCP servers name. */
  readonly serverTokens: OwnServerTokens;
  /** Answers a request to the internal listener; never rejects. */
  readonly exchange: AuthorizationServer['exchange'];
  /** Whether a token session goes on. */
  readonly sessionGoesOn: (tsid: string) => Promise<boolean>;
  /** Calls back when token sessions may have ended here. */
  readonly onSessionsEnd: (told: () => void) => void;
  /** The identity provider that people sign in at, for the sign-in page. */
  readonly elsewhere: SignInElsewhere;
}

export interface OwnAuthorizationServerParts {
  /** Its origin is the issuer. */
  readonly publicUrl: URL;
  /** Where clients that show certificates reach it, once that is known; undefined where none can. */
  readonly agentsUrl: () => Promise<URL | undefined>;
  /** Whether nobody asked for it: `issuerUrl`. */
  readonly isDefault: boolean;
  readonly services: Services;
  readonly settings: AuthorizationServerSettings;
  /** Who comes in at the internal listener; nobody where there is none. */
  readonly internal?: InternalExchanges | undefined;
  /** What the pages look like. */
  readonly theme: ThemeSettings | undefined;
  /** The documents of now. */
  readonly declared: Pick<Configured, 'clients' | 'upstreams' | 'owners'>;
  /** MCP servers that have an authorization server of their own; none where none are federated. */
  readonly protectedServers?: () => readonly ProtectedServer[];
  readonly secrets: SecretReader;
  readonly snapshot: () => ToolboxSnapshot;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}

const WAKING_MS = 10 * 60_000;

/**
 * Where the authorization server is reached, which is a URL that stays: the `publicUrl` of the configuration; of a
 * server for this machine alone, `localhost` with its port, so that the first minute needs no setting. Whoever set
 * up another name, a proxy or a port of chance has to say where that leads; undefined until they do, and where an
 * authorization server elsewhere is asked (`exchange`).
 */
export function issuerUrl(settings: ServerSettings): URL | undefined {
  const { publicUrl, host, port, allowedHosts, trustedProxies, tlsTerminatedBy, exchange } = settings;
  // Two that issue tokens for one door would be two answers to whose accounts a caller has.
  if (exchange !== undefined) return undefined;
  if (publicUrl !== undefined) return new URL(publicUrl);
  const isForThisMachine = isLoopbackHost(host) && allowedHosts.length === 0 && trustedProxies.length === 0;
  return isForThisMachine && port !== 0 && tlsTerminatedBy === undefined ? publicUrlOf(settings, port) : undefined;
}

/**
 * The authorization server under the configured `publicUrl`, opened by the first request to it or the first token
 * of its own: a server whose callers all have keys loads none of it.
 */
export function ownAuthorizationServer(parts: OwnAuthorizationServerParts): OwnAuthorizationServer {
  const { publicUrl, endings, log } = parts;
  let opening: Promise<AuthorizationServer> | undefined;
  const toldOfEnds = new Set<() => void>();
  const opened = (): Promise<AuthorizationServer> => {
    opening ??= open(parts).then((server) => {
      endings.add('authorization server', () => server.close());
      server.sessions.onEnd(() => {
        for (const told of toldOfEnds) told();
      });
      return server;
    });
    // What failed may succeed at the next request.
    opening.catch(() => (opening = undefined));
    return opening;
  };
  const handle: Pages['handle'] = async (request, response, arrival) =>
    (await opened()).handle(request, response, arrival);
  const openedForGrants = async (): Promise<void> => {
    const servers = parts.protectedServers?.() ?? [];
    if (parts.declared.upstreams().length + servers.length > 0) await opened().catch(() => {});
  };
  // The open server ends tokens of providers that nobody needs any more: though nobody asks it for any, and those of
  // whoever is cut off before anybody has asked it for anything.
  const waking = setTimeout(() => void openedForGrants(), WAKING_MS).unref();
  parts.services.users.onErasing(openedForGrants);
  parts.services.users.onCutOff(openedForGrants);
  endings.add('waking of the authorization server', () => clearTimeout(waking));
  return {
    elsewhere: {
      primary: () => primaryProvider(parts.declared.upstreams()),
      begin: async (asked) => (await opened()).elsewhere.begin(asked),
    },
    grants: {
      owner: GATEWAY_OWNER,
      source: { upstreamToken: async (request) => await (await opened()).grants.upstreamToken(request) },
      linkPage: async (account) =>
        (await import('#authserver')).linkUrl(publicUrl, { ...account, owner: GATEWAY_OWNER }),
    },
    serverTokens: { ownToken: async (...asked) => await (await opened()).serverTokens.ownToken(...asked) },
    exchange: async (request, response, arrival) => {
      try {
        await (await opened()).exchange(request, response, arrival);
      } catch (error) {
        log.error({ err: error }, 'an internal exchange finds no authorization server');
        response.writeHead(503, { 'Retry-After': '1', 'Cache-Control': 'no-store', 'Content-Length': 0 }).end();
      }
    },
    sessionGoesOn: async (tsid) => (await (await opened()).sessions.live(tsid)) !== undefined,
    onSessionsEnd: (told) => void toldOfEnds.add(told),
    issuer: {
      issuer: publicUrl.origin,
      yields: parts.isDefault,
      verifier: { verify: async (token, facts) => (await opened()).verifier.verify(token, facts) },
    },
    pages: { answers: isItsPath, takesAnyOrigin: isForAnyOrigin, handle },
    programs: { answers: (path) => isMetadata(path) || isForPrograms(path), handle },
  };
}

/** As `isAuthorizationServerPath`, which is not loaded before one of these is asked for. */
const isItsPath = (path: string): boolean =>
  path.startsWith('/oauth/') ||
  path === '/console/connections' ||
  path === '/console/connections/link' ||
  isMetadata(path);

const isMetadata = (path: string): boolean =>
  /^\/\.well-known\/(?:jwks\.json$|(?:oauth-authorization-server|openid-configuration)(?:\/|$))/.test(path);

/** The endpoints that RFC 8705 §5 means: no page of a person, whose browser has no certificate to show. */
const isForPrograms = (path: string): boolean =>
  /^\/oauth\/(?:token|introspect|revoke|par|device|userinfo)$/.test(path);

/**
 * Where clients that run in a page call: metadata and keys, which are for everybody; registration, which is nobody's
 * yet; and the endpoints where the provider goes by the origins of the client (`clientBasedCORS`). No cookie counts
 * at any of them. A sign-out may be asked for by a form of another site, and is asked about here.
 */
const isForAnyOrigin = (path: string): boolean =>
  /^\/oauth\/(?:token|revoke|userinfo|par|device|logout|register(?:\/[^/]+)?)$/.test(path) ||
  path.startsWith('/.well-known/');

/** Says what of the documents has no effect: somebody who declared it believes that it does. */
export function warnOfUnused(
  declared: Pick<Configured, 'clients' | 'upstreams' | 'owners'>,
  { isServed, isElsewhere }: { readonly isServed: boolean; readonly isElsewhere: boolean },
  log: Logger,
): void {
  if (isServed) return;
  const why = isElsewhere
    ? '`exchange` of `kind: server` names the one that issues tokens'
    : '`publicUrl` of `kind: server` does not say where it is reached';
  const kinds = { client: declared.clients(), owner: declared.owners(), upstream: declared.upstreams() };
  for (const [kind, documents] of Object.entries(kinds)) {
    if (documents.length === 0) continue;
    log.warn(
      { event: 'configuration.unused' },
      `\`kind: ${kind}\` has no effect: this server has no authorization server of its own: ${why}`,
    );
  }
}

async function open(parts: OwnAuthorizationServerParts): Promise<AuthorizationServer> {
  const { publicUrl, agentsUrl, services, settings, declared, secrets, snapshot, clock, log } = parts;
  const upstreams = () => declared.upstreams();
  const { database, audit, vault, identity, users } = services;
  const [authserver, { EgressClient, egressRulesOf }, { keys }] = await Promise.all([
    import('#authserver'),
    import('#egress'),
    services.signing(),
  ]);
  const { registration, clientDocuments, baselineScopes } = settings;
  const limits =
    registration === false
      ? authserver.REGISTRATION_SETTINGS
      : {
          confidential: registration.confidentialClients,
          most: registration.most,
          unusedMs: registration.unused,
          baselineScopes,
        };
  const egress = new EgressClient({ rules: clientDocuments === false ? PUBLIC_ONLY : egressRulesOf(clientDocuments) });
  const documents =
    clientDocuments === false
      ? undefined
      : new authserver.DocumentResolver({ egress, clock, log, settings: { baselineScopes } });
  const registrar =
    registration === false
      ? undefined
      : new authserver.ClientRegistrar({
          frame: identity.frame,
          settings: limits,
          endpoint: new URL('/oauth/register', publicUrl),
        });
  const known = new authserver.Upstreams({
    ...{ declared: upstreams, secrets, clock },
    servers: {
      declared: parts.protectedServers ?? (() => []),
      clients: new authserver.RegisteredClients({ database, envelope: vault.envelope, clock }),
      publicUrl,
    },
  });
  return await authserver.openAuthorizationServer({
    ...{ publicUrl, agentsUrl, database, clock, log, users, keys, trail: audit },
    sealer: vault.envelope,
    signIn: services.signIn(publicUrl),
    standings: identity.standings,
    agents: identity.agentStandings,
    opens: (audience, resource) => opensAll(publicUrl, audience, resource),
    owners: authserver.ownerMap({
      publicUrl,
      doors: (path) => doorAt(publicUrl, path, snapshot()),
      declared: () => declared.owners(),
      // Whoever federates a server means its tools to be called; `upstreams` is about providers that documents declare.
      upstreams: () => [...(settings.upstreams ?? upstreams().map(({ name }) => name)), ...known.serverNames()],
    }),
    federation: {
      declared: upstreams,
      upstreams: known,
      ...{ frame: identity.frame, envelope: vault.envelope },
    },
    clients: new authserver.ClientDirectory({
      ...{ database, clock, secrets, documents },
      ...(registration !== false && { registration: limits }),
      agents: identity.agentStandings,
      declared: authserver.withBuiltIn(() => declared.clients(), publicUrl),
    }),
    documents: documents !== undefined,
    ...(registrar && { registrar }),
    theme: parts.theme,
    lifetimes: lifetimesOf(settings),
    trustedIssuers: () => settings.trustedIssuers,
    internal: parts.internal,
    fetch: authserver.guardedFetch(egress),
    changes: identity.frame.changes,
  });
}

const PUBLIC_ONLY = { allowed: [], blocked: [], allowPrivateNetworks: false };

/** In the seconds of the OAuth specifications. */
function lifetimesOf({ lifetimes }: AuthorizationServerSettings): Lifetimes {
  const { accessToken, refreshToken, authorizationCode, interaction, deviceCode } = lifetimes;
  return {
    accessToken: accessToken / 1000,
    refreshToken: refreshToken / 1000,
    code: authorizationCode / 1000,
    interaction: interaction / 1000,
    deviceCode: deviceCode / 1000,
  };
}

/** Whether a token for the one resource opens the other and sees all of it there. */
function opensAll(publicUrl: URL, audience: string, resource: string): boolean {
  const [from, to] = [placeOfUrl(publicUrl, audience), placeOfUrl(publicUrl, resource)];
  if (from === undefined || to === undefined) return false;
  const admission = admissionOf(from, to);
  return admission.admitted && admission.toolset === undefined;
}

/** A door of this server, with the scopes that its tools ask for; undefined where there is none. */
function doorAt(
  publicUrl: URL,
  path: string,
  { namespaces }: ToolboxSnapshot,
): Pick<ResourceOwner, 'scopes' | 'administers'> | undefined {
  const place = placeOfUrl(publicUrl, publicUrl.origin + path);
  // Credentials for one tool are vended: nobody is sent here for them.
  if (place === undefined || place.kind === 'tool') return undefined;
  if (place.kind === 'api') return { scopes: ADMINISTRATION_SCOPES, administers: true };
  const view = namespaces.get(place.namespace);
  const toolset = place.kind === 'mcp' ? place.toolset : undefined;
  const group =
    place.kind === 'server'
      ? view?.servers?.get(place.server)
      : toolset === undefined
        ? view?.all
        : view?.groups.get(toolset);
  return group && { scopes: [...new Set(group.tools.flatMap((tool) => tool.scopesRequired))].toSorted() };
}
