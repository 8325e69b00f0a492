import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { openAuditLog, type AuditLog } from '#audit';
import {
  forgetfulLedger,
  oauthClientSchema,
  type ProtectedServer,
  type ThemeSettings,
  type TrustedIssuer,
  type UpstreamCommon,
} from '#contract';
import { openDatabase, type Database } from '#db';
import { apiSecretColumn } from '#http';
import {
  openIdentity,
  operator,
  totpSeedColumn,
  openSignIn,
  provisionUser,
  signInPages,
  userProfileColumn,
  type Agent,
  type Identity,
  type NewAgent,
  type SignInServices,
  type UserDirectory,
} from '#identity';
import { reveal, silentLogger, systemClock, type Clock, type Logger } from '#kernel';
import { openVault, sameNamespace } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import {
  endTokensOfUser,
  grantTokensColumn,
  openAuthorizationServer,
  ownerMap,
  ClientDirectory,
  ClientRegistrar,
  DocumentResolver,
  RegisteredClients,
  REGISTRATION_SETTINGS,
  upstreamClientsColumn,
  Upstreams,
  type AuthorizationServer,
  type DeclaredOwner,
  type InternalExchanges,
  type KeySet,
  type Lifetimes,
  type OpeningLimits,
  type RegistrationSettings,
  type Signer,
} from '#authserver';
import { makeSigner } from '../keys/key-material.ts';
import { join } from 'node:path';
import { Browser } from '../../../test/browser.ts';
import { randomWrapper } from '../../../test/random-wrapper.ts';

export const CALLBACK = 'https://c1.test/cb';
export const SCOPES = ['read:flights', 'write:flights'];

export const SECRET = randomBytes(24).toString('base64url');

/** Fields of a `kind: client` document, by `client_id`. */
export type Clients = Record<string, Readonly<Record<string, unknown>>>;

/** The agent that clients of these tests may be for themselves. */
export const OFFICE = 'office';

/** A public client with one redirect, and a confidential one. */
export const CLIENTS: Readonly<Clients> = {
  c1: { displayName: 'Flights Desk', redirectUris: [CALLBACK] },
  c2: {
    displayName: 'Back Office',
    clientSecret: SECRET,
    redirectUris: ['https://c2.test/cb'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    agent: OFFICE,
  },
};

export interface AuthorizationServerProcess {
  readonly at: TestPlace;
  readonly url: URL;
  /** Where this very process is reached. */
  readonly own: URL;
  readonly clock: Clock;
  readonly database: Database;
  readonly server: AuthorizationServer;
  readonly signIn: SignInServices;
  readonly identity: Identity;
  readonly users: UserDirectory;
  readonly audit: AuditLog;
  /** Of the gateway's only door in these tests. */
  readonly resource: string;
  /** A person, signed in in a browser of their own. */
  person(name: string): Promise<{ readonly id: string; readonly browser: Browser }>;
  /** An agent of identity. */
  agent(facts: NewAgent): Promise<Agent>;
  readonly keys: TestKeys;
  readonly wrapper: Parameters<typeof openVault>[0]['wrapper'];
}

/** Keys that sign, made here and rotated by hand. */
export class TestKeys {
  readonly told: (() => void)[] = [];
  #signers: readonly Signer[];
  #set: KeySet;

  constructor(first: Signer) {
    this.#signers = [first];
    this.#set = setOf(this.#signers);
  }

  current(): Promise<KeySet> {
    return Promise.resolve(this.#set);
  }

  /** A new key signs from now on; `keep` of the others still verify. */
  async rotate(keep = 1): Promise<void> {
    this.#signers = [await makeSigner('ES256'), ...this.#signers].slice(0, keep + 1);
    this.#set = setOf(this.#signers);
    for (const told of this.told) told();
  }
}

/** Metadata documents that lie in a map, as if they were fetched. */
const documentsOf = (served: ReadonlyMap<string, object>, clock: Clock): DocumentResolver =>
  new DocumentResolver({
    ...{ clock, log: silentLogger, settings: { baselineScopes: [] } },
    egress: {
      request: async ({ url }) => ({
        ...{ status: served.has(url.href) ? 200 : 404, truncated: false, url },
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(served.get(url.href) ?? {})),
      }),
    },
  });

const setOf = (signers: readonly Signer[]): KeySet => ({
  signer: signers[0] as Signer,
  verifiers: signers,
  jwks: { keys: signers.map(({ jwk }) => jwk) },
});

/** The clock of the system, which can be moved in either direction, and stopped: what is counted is forgiven with time. */
export class MovedClock implements Clock {
  #by = 0;
  #stoppedAt: number | undefined;

  static stopped(): MovedClock {
    const clock = new MovedClock();
    clock.#stoppedAt = systemClock.now();
    return clock;
  }

  now(): number {
    return (this.#stoppedAt ?? systemClock.now()) + this.#by;
  }

  move(ms: number): void {
    this.#by += ms;
  }
}

/** What a federating one is given beside. */
export interface Federating {
  readonly upstreams?: () => readonly UpstreamCommon[];
  /** MCP servers behind the gateway that have an authorization server of their own. */
  readonly servers?: () => readonly ProtectedServer[];
  /** Those of the gateway; all that are declared by default. */
  readonly gatewayUpstreams?: () => readonly string[];
  readonly owners?: () => readonly DeclaredOwner[];
  readonly declared?: Parameters<typeof openIdentity>[0]['declared'];
}

/** What a test puts in the place of the usual. */
export interface Surroundings extends Federating {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Answers to requests for metadata documents, by URL; none is there else. */
  readonly documents?: ReadonlyMap<string, object>;
  readonly openings?: OpeningLimits;
  readonly theme?: ThemeSettings;
  readonly settings?: RegistrationSettings;
  readonly trustedIssuers?: readonly TrustedIssuer[];
  readonly lifetimes?: Lifetimes;
  readonly agentsUrl?: () => Promise<URL | undefined>;
  readonly internal?: InternalExchanges;
}

/** The header by which a test says where a request comes from. */
export const FROM = 'x-test-address';

/** An authorization server behind a listener, over a real database; with another it is a second process beside it. */
export async function startAuthorizationServer(
  dialect: TestDialect,
  beside?: AuthorizationServerProcess,
  clients: Readonly<Clients> = CLIENTS,
  registration = true,
  more: Surroundings = {},
): Promise<AuthorizationServerProcess> {
  const at = beside?.at ?? (await emptyPlace(dialect));
  const { upstreams: declaredUpstreams = () => [], declared = () => [] } = more;
  const clock = more.clock ?? beside?.clock ?? systemClock;
  const log = more.log ?? silentLogger;
  const wrapper = beside?.wrapper ?? randomWrapper();
  const database = await openDatabase({ ...at.place, clock });
  onTestFinished(() => database.close());
  const columns = [userProfileColumn, totpSeedColumn, apiSecretColumn, grantTokensColumn, upstreamClientsColumn];
  const vault = await openVault({
    ledger: forgetfulLedger,
    database,
    clock,
    log,
    mayUse: sameNamespace,
    wrapper,
    columns,
  });
  onTestFinished(() => vault.close());
  const audit = await openAuditLog({ root: join(at.directory, 'audit'), clock, logger: log });
  onTestFinished(() => audit.close());
  const identity = openIdentity({ database, clock, log, trail: audit, ledger: forgetfulLedger, declared });
  const users = identity.userDirectory(vault);
  users.onCutOff((id, why) => endTokensOfUser({ database, clock }, id, why));
  const http = createServer();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  // A second process is reached at a port of its own, and answers for the same issuer.
  const own = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const url = beside?.url ?? own;
  const signIn = openSignIn({ frame: identity.frame, log, envelope: vault.envelope, users, declared, publicUrl: url });
  const settings = more.settings ?? REGISTRATION_SETTINGS;
  const keys = beside?.keys ?? new TestKeys(await makeSigner('ES256'));
  const clientsThere = new RegisteredClients({ database, envelope: vault.envelope, clock });
  const upstreams = new Upstreams({
    declared: declaredUpstreams,
    secrets: { read: () => Promise.reject(new Error('no secret of the vault is asked for')) },
    clock,
    servers: { declared: more.servers ?? (() => []), clients: clientsThere, publicUrl: url },
  });
  const server = await openAuthorizationServer({
    ...{ publicUrl: url, database, clock, log, trail: audit, signIn, users },
    ...(more.agentsUrl && { agentsUrl: more.agentsUrl }),
    internal: more.internal,
    sealer: vault.envelope,
    ...(more.openings && { openings: more.openings }),
    theme: more.theme,
    documents: true,
    standings: identity.standings,
    agents: identity.agentStandings,
    opens: (audience, resource) => resource.startsWith(`${audience}/`),
    owners: ownerMap({
      publicUrl: url,
      doors: (path) => (path === '/mcp' || path === '/mcp/flights' ? { scopes: SCOPES } : undefined),
      declared: more.owners ?? (() => []),
      upstreams: more.gatewayUpstreams ?? (() => upstreams.list().map(({ name }) => name)),
    }),
    federation: {
      declared: declaredUpstreams,
      upstreams,
      ...{ frame: identity.frame, envelope: vault.envelope },
    },
    clients: new ClientDirectory({
      ...{ database, clock, registration: settings, agents: identity.agentStandings },
      documents: documentsOf(more.documents ?? new Map(), clock),
      secrets: { read: () => Promise.reject(new Error('no secret of the vault is asked for')) },
      declared: () =>
        Object.entries(clients).map(([id, fields]) =>
          oauthClientSchema.parse({ kind: 'client', name: id, clientId: id, ...fields }),
        ),
    }),
    ...(registration && {
      registrar: new ClientRegistrar({ frame: identity.frame, settings, endpoint: new URL('/oauth/register', url) }),
    }),
    fetch,
    trustedIssuers: () => more.trustedIssuers ?? [],
    ...(more.lifetimes && { lifetimes: more.lifetimes }),
    changes: {
      onChange(told) {
        identity.frame.changes.onChange(told);
        keys.told.push(told);
      },
    },
    keys,
  });
  onTestFinished(() => server.close());
  const pages = signInPages({
    ...{ services: signIn, log, elsewhere: server.elsewhere },
    ...(more.theme && { theme: more.theme }),
  });
  let requests = 0;
  http.on('request', (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] as string;
    const address = request.headers[FROM] ?? '192.0.2.1';
    const arrival = { requestId: `r${requests++}`, address: String(address), headers: [] };
    if (server.answers(path)) void server.handle(request, response, arrival);
    else if (pages.answers(path)) void pages.handle(request, response, arrival);
    else response.writeHead(404).end();
  });
  if (beside === undefined) await identity.agents.create(operator(), { name: OFFICE, roles: ['user'] });
  return {
    ...{ at, url, own, clock, database, server, signIn, identity, users, audit, wrapper },
    agent: (facts) => identity.agents.create(operator(), facts),
    keys,
    resource: `${url.origin}/mcp`,
    async person(name) {
      const identityOf = { issuer: 'https://idp.test', subject: name, preferredName: name, displayName: name };
      const { user } = await provisionUser({ frame: identity.frame, users }, { door: 'console' }, identityOf);
      const session = { userId: user.id, kind: 'browser', stage: 'active', amr: ['pwd'] } as const;
      const { token } = await signIn.sessions.begin(
        { ...session, address: '192.0.2.1', device: 'test' },
        async () => {},
      );
      const browser = new Browser(own, url);
      browser.cookies.set('chatelaine', reveal(token));
      return { id: user.id, browser };
    },
  };
}
