import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GrantSource, OwnServerTokens } from '#contract';
import { readInstallationSecret, readNonceSecret } from '#http';
import type { SignInElsewhere } from '#identity';
import type { Provider } from 'oidc-provider';
import type { AuthorizationServerOptions } from './authorization-server-options.ts';
import { Artifacts } from './artifacts/artifacts.ts';
import { ContentCipher } from './artifacts/content-cipher.ts';
import { Doors, type Arrival } from './doors/doors.ts';
import { KnownRequests } from './doors/known-requests.ts';
import { PageSteps } from './doors/page-steps.ts';
import { isAuthorizationServerPath } from './doors/paths.ts';
import { Accounts, Callback, Leave, Release, subjectSessions } from './federation/index.ts';
import { DelegationConsent } from './grant-types/delegation-consent.ts';
import type { GrantTypeParts } from './grant-types/index.ts';
import { TrustedKeys } from './grant-types/trusted-keys.ts';
import { Grants, grantSource } from './grants/index.ts';
import { Exchange, ExchangeDoor, ExchangeRecords, OwnerRate, type InternalArrival } from './internal/index.ts';
import type { KeySet } from './keys/index.ts';
import { DoorLimits, Openings } from './limits/index.ts';
import { accountOf, type Account } from './provider/account.ts';
import { sessionCookie } from './provider/configuration.ts';
import { Connections } from './provider/connections.ts';
import { createProvider } from './provider/create-provider.ts';
import { deviceFlow } from './provider/device-pages.ts';
import { errorRenderer } from './provider/error-renderer.ts';
import { Interactions } from './provider/interactions.ts';
import { LivingProvider } from './provider/living-provider.ts';
import { Logout } from './provider/logout.ts';
import { OAuthRecords } from './provider/records.ts';
import { idleSeconds, refreshLifetime } from './provider/refresh-lifetime.ts';
import { LIFETIMES, ROUTES } from './provider/settings.ts';
import { StandingConsents } from './provider/standing-consents.ts';
import { TokenRecords } from './provider/token-records.ts';
import { OwnerRegistrations } from './resources/registrations.ts';
import { assertionsKnownSince } from './store/artifacts-store.ts';
import { Consents } from './token-sessions/consents.ts';
import { OwnTokenVerifier } from './token-sessions/own-token-verifier.ts';
import { TokenSessions } from './token-sessions/token-sessions.ts';
import { Legs } from './upstreams/index.ts';

/** The authorization server behind a listener. */
export interface AuthorizationServer {
  /** Whether the path is one of its own. */
  answers(path: string): boolean;
  /** Answers; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void>;
  /** Answers a request to the internal listener, whose peers show certificates; never rejects. */
  exchange(request: IncomingMessage, response: ServerResponse, arrival: InternalArrival): Promise<void>;
  readonly issuer: string;
  readonly verifier: OwnTokenVerifier;
  readonly sessions: TokenSessions;
  /** Tokens of providers, for whoever runs tools in this process. */
  readonly grants: GrantSource;
  /** Our own tokens of authorization servers that MCP servers name. */
  readonly serverTokens: OwnServerTokens;
  /** Where people sign in before anything else: for the pages of identity. */
  readonly elsewhere: SignInElsewhere;
  close(): Promise<void>;
}

/**
 * Opens the authorization server. The provider is loaded by the first request to it: a server whose callers all
 * have keys never pays for it.
 */
export async function openAuthorizationServer(options: AuthorizationServerOptions): Promise<AuthorizationServer> {
  const { publicUrl, database, clock, log, trail, owners, clients, users, standings, agents } = options;
  const lifetimes = options.lifetimes ?? LIFETIMES;
  const secret = await readInstallationSecret({ database, sealer: options.sealer }, 'oauth', () => randomBytes(32));
  const nonceSecret = await readNonceSecret(database, options.sealer);
  const artifacts = new Artifacts({ database, clock, cipher: new ContentCipher(secret) });
  const sessions = new TokenSessions({ database, clock, idleSeconds: lifetimes.refreshToken });
  const idle = idleSeconds(lifetimes, options.signIn.lifetimes);
  const tokens = new TokenRecords({ artifacts, sessions, clients, agents, clock, idle });
  const consents = new Consents({ database, clock, clients });
  const records = new OAuthRecords(trail, clock);
  const limits = new DoorLimits({ database, clock, log });
  const openings = new Openings({ database, clock, ...(options.openings && { limits: options.openings }) });
  const known = new KnownRequests();
  const provider = new LivingProvider(options.keys, make);
  const { upstreams, frame, envelope } = options.federation;
  const grants = new Grants({ frame, envelope, upstreams });
  const legs = new Legs({ database, clock, trail, upstreams, publicUrl });
  const release = new Release({ grants, sessions, clock, log });
  const accounts = new Accounts({ sessions, owners, upstreams, legs, grants });
  const interactions = new Interactions({
    ...{ database, trail, sessions, consents, owners, clients, upstreams, clock },
    declined: (userId, owner) => release.begin(() => release.ofPairs([{ userId, owner }])),
    provider: () => provider.current(),
    signIn: options.signIn,
    theme: options.theme,
  });
  const standing = new StandingConsents({ sessions, consents, owners, clients });
  const connections = new Connections({ sessions, trail, interactions, accounts });
  const callback = new Callback({
    ...{ legs, upstreams, grants, accounts, interactions, frame, users, log },
    services: options.signIn,
  });
  const logout = new Logout({
    ...{ interactions, clients, artifacts, keys: options.keys, signIn: options.signIn },
    issuer: publicUrl.origin,
    sessionCookie: sessionCookie(publicUrl),
  });
  const verifier = new OwnTokenVerifier({
    ...{ artifacts, sessions, standings, agents, owners, database, clock, issuer: publicUrl.origin },
    keys: options.keys,
  });

  const registrations = new OwnerRegistrations({ artifacts, clock });
  sessions.onBegin(async ({ resource }) => {
    const owned = owners.resolve(resource);
    if (owned !== undefined) await registrations.note(owned);
  });
  const { requestsPerMinute, ...admission } = options.internal ?? { requestsPerMinute: 60_000 };
  const exchanges = new ExchangeRecords(trail, clock);
  const exchangeDoor = new ExchangeDoor({
    exchange: new Exchange({ verifier, sessions, owners, registrations, grants, admission }),
    ...{ records: exchanges, rate: new OwnerRate(requestsPerMinute, clock), clock, log },
  });

  // Of whoever is erased nothing could be read any more that a provider is to forget.
  users.onErasing((userId) => release.settled(() => release.ofPerson(userId)));
  users.onCutOff(async (userId, why) => {
    if (why === 'disabled') release.begin(() => release.ofPerson(userId));
  });
  const trustedKeys = new TrustedKeys({ clock });

  /** The user who may still sign in. */
  async function account(userId: string): Promise<Account | undefined> {
    const standing = await standings.ofUser(userId);
    return standing && accountOf(userId, standing.groups, () => users.find(userId));
  }

  const grantTypes: GrantTypeParts = {
    ...{ clock, clients, agents, verifier, artifacts, sessions, standings, owners, account, keys: trustedKeys },
    issuer: publicUrl.origin,
    consent: new DelegationConsent({ clients, sessions, consents }),
    opens: options.opens ?? (() => false),
    trusted: options.trustedIssuers ?? (() => []),
    lifetime: lifetimes.accessToken,
    assertionsKnownSince: await assertionsKnownSince(database.db),
  };

  options.changes.onChange(() => {
    sessions.forget();
    verifier.forget();
  });

  const steps = new PageSteps({ interactions, connections, callback, logout });
  const agentsUrl = options.agentsUrl ?? (() => Promise.resolve(undefined));
  const doors = new Doors({
    ...{ publicUrl, agentsUrl, provider, known, steps, interactions, keys: options.keys },
    ...{ artifacts, owners, verifier, upstreams, limits, records, log },
    registrar: options.registrar,
  });

  /** oidc-provider over all of this, signing with these keys. */
  async function make({ signer }: KeySet): Promise<Provider> {
    const atAgents = await agentsUrl();
    return await createProvider(
      {
        ...{
          artifacts,
          clients,
          owners,
          tokens,
          sessions,
          openings,
          lifetimes,
          nonceSecret,
          account,
          grantTypes,
          signer,
        },
        mutualTls: atAgents && { url: atAgents, certificateOf: (request) => known.of(request).certificate },
        refreshLifetime: ({ clientId, iiat }) =>
          refreshLifetime({ clientId, iiat, now: clock.now() }, idle, options.signIn.lifetimes),
        issuer: publicUrl,
        fetch: options.fetch,
        metadata: {
          end_session_endpoint: `${publicUrl.origin}${ROUTES.end_session}`,
          ...(options.registrar && { registration_endpoint: `${publicUrl.origin}${ROUTES.registration}` }),
          ...(options.documents === true && { client_id_metadata_document_supported: true }),
        },
        signedInAs: (request) => known.of(request).signedInAs,
        standingGrant: (ctx) => standing.grantFor(ctx, known.of(ctx.req).signedInAs),
        deviceFlow: deviceFlow({
          clients,
          page: (title, body) => interactions.page(title, body),
          codeOf: (request) => known.of(request).userCode,
        }),
        renderError: errorRenderer({
          clients,
          pages: interactions,
          requestIdOf: (request) => known.of(request).asking.requestId,
        }),
        cookieKeys: [secret.toString('base64url')],
      },
      {
        ...{ database, sessions, records },
        askingOf: (request) => known.of(request).asking,
        failed: (error, requestId) => log.error({ err: error, requestId }, 'the authorization server met a fault'),
        async judged(request, judged) {
          const guessed = await limits.judged(request, judged);
          if (guessed !== undefined) await records.guessed(guessed, known.of(request).asking);
        },
      },
    );
  }

  return {
    issuer: publicUrl.origin,
    verifier,
    sessions,
    serverTokens: upstreams,
    grants: grantSource({
      grants,
      // Whoever asks in this process has let the token in at a door, where the proof of its key was checked.
      sessionOf: subjectSessions({
        verifier: { verify: (token) => verifier.verify(token, { checksConfirmation: true }) },
        ...{ sessions, owners },
      }),
    }),
    elsewhere: new Leave({ declared: options.federation.declared, legs, artifacts, owners, log }),
    answers: isAuthorizationServerPath,
    handle: (request, response, arrival) => doors.handle(request, response, arrival),
    exchange: (request, response, arrival) => exchangeDoor.handle(request, response, arrival),
    async close() {
      await release.close();
      await legs.close();
      await trustedKeys.close();
      await records.close();
      await exchanges.close();
      await upstreams.close();
    },
  };
}
