import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { openAuditLog, type AuditLog } from '#audit';
import { forgetfulLedger, oauthClientSchema } from '#contract';
import { openDatabase, type Database } from '#db';
import { apiSecretColumn } from '#http';
import {
  openIdentity,
  openSignIn,
  provisionUser,
  signInPages,
  userProfileColumn,
  type SignInServices,
  type UserDirectory,
} from '#identity';
import { reveal, Secret, silentLogger, systemClock } from '#kernel';
import { openVault, sameNamespace } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import {
  endTokensOfUser,
  openAuthorizationServer,
  ownerMap,
  ClientDirectory,
  ClientRegistrar,
  REGISTRATION_SETTINGS,
  type AuthorizationServer,
  type KeySet,
  type Signer,
} from '#authserver';
import { makeSigner } from '../keys/key-material.ts';
import { join } from 'node:path';
import { Browser } from '../../../test/browser.ts';

export const CALLBACK = 'https://c1.test/cb';
export const SCOPES = ['read:flights', 'write:flights'];

export const SECRET = randomBytes(24).toString('base64url');

/** Fields of a `kind: client` document, by `client_id`. */
export type Clients = Record<string, Readonly<Record<string, unknown>>>;

/** A public client with one redirect, and a confidential one. */
export const CLIENTS: Readonly<Clients> = {
  c1: { displayName: 'Flights Desk', redirectUris: [CALLBACK] },
  c2: {
    displayName: 'Back Office',
    clientSecret: SECRET,
    redirectUris: ['https://c2.test/cb'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  },
};

export interface AuthorizationServerProcess {
  readonly at: TestPlace;
  readonly url: URL;
  /** Where this very process is reached. */
  readonly own: URL;
  readonly database: Database;
  readonly server: AuthorizationServer;
  readonly signIn: SignInServices;
  readonly users: UserDirectory;
  readonly audit: AuditLog;
  /** Of the gateway's only door in these tests. */
  readonly resource: string;
  /** A person, signed in in a browser of their own. */
  person(name: string): Promise<{ readonly id: string; readonly browser: Browser }>;
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

const setOf = (signers: readonly Signer[]): KeySet => ({
  signer: signers[0] as Signer,
  verifiers: signers,
  jwks: { keys: signers.map(({ jwk }) => jwk) },
});

/** An authorization server behind a listener, over a real database; with another it is a second process beside it. */
export async function startAuthorizationServer(
  dialect: TestDialect,
  beside?: AuthorizationServerProcess,
  clients: Readonly<Clients> = CLIENTS,
  registration = true,
): Promise<AuthorizationServerProcess> {
  const at = beside?.at ?? (await emptyPlace(dialect));
  const clock = systemClock;
  const log = silentLogger;
  const wrapper = beside?.wrapper ?? {
    type: 'given' as const,
    key: new Secret(randomBytes(32).toString('base64')),
    where: 'the test key',
  };
  const database = await openDatabase({ ...at.place, clock });
  onTestFinished(() => database.close());
  const columns = [userProfileColumn, apiSecretColumn];
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
  const identity = openIdentity({ database, clock, log, trail: audit, ledger: forgetfulLedger });
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
  const signIn = openSignIn({ frame: identity.frame, log, envelope: vault.envelope, users, publicUrl: url });
  const keys = beside?.keys ?? new TestKeys(await makeSigner('ES256'));
  const server = await openAuthorizationServer({
    ...{ publicUrl: url, database, clock, log, trail: audit, signIn, users },
    sealer: vault.envelope,
    standings: identity.standings,
    owners: ownerMap({
      publicUrl: url,
      doors: (path) => (path === '/mcp' || path === '/mcp/flights' ? { scopes: SCOPES } : undefined),
      declared: () => [],
      upstreams: () => [],
    }),
    clients: new ClientDirectory({
      ...{ database, clock, registration: REGISTRATION_SETTINGS },
      secrets: { read: () => Promise.reject(new Error('no secret of the vault is asked for')) },
      declared: () =>
        Object.entries(clients).map(([id, fields]) =>
          oauthClientSchema.parse({ kind: 'client', name: id, clientId: id, ...fields }),
        ),
    }),
    ...(registration && {
      registrar: new ClientRegistrar({ frame: identity.frame, endpoint: new URL('/oauth/register', url) }),
    }),
    fetch,
    changes: {
      onChange(told) {
        identity.frame.changes.onChange(told);
        keys.told.push(told);
      },
    },
    keys,
  });
  onTestFinished(() => server.close());
  const pages = signInPages({ services: signIn, log });
  let requests = 0;
  http.on('request', (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] as string;
    const arrival = { requestId: `r${requests++}`, address: '192.0.2.1', headers: [] };
    if (server.answers(path)) void server.handle(request, response, arrival);
    else if (pages.answers(path)) void pages.handle(request, response, arrival);
    else response.writeHead(404).end();
  });
  return {
    ...{ at, url, own, database, server, signIn, users, audit, wrapper },
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
