import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { silentLogger, type Clock } from '#kernel';
import {
  forgetfulLedger,
  UPSTREAM_TYPES,
  type AuditOrigin,
  type ProtectedServer,
  type SecretReader,
  type UpstreamCommon,
} from '#contract';
import { openAuditLog, type AuditLog } from '#audit';
import {
  Grants,
  grantTokensColumn,
  Legs,
  RegisteredClients,
  upstreamClientsColumn,
  Upstreams,
  type FinishedLeg,
  type LegCallback,
  type LegRequest,
} from '#authserver';
import { openDatabase, type Database } from '#db';
import { openIdentity, operator, provisionUser, userProfileColumn, type Identity, type UserDirectory } from '#identity';
import { openVault, sameNamespace, type Vault, type WrapperSettings } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import type { CompanyIdp } from '../../../test/company-idp.ts';
import type { GithubShapedIdp } from '../../../test/github-shaped-idp.ts';
import { IdpBrowser } from '../../../test/idp-browser.ts';
import { randomWrapper } from '../../../test/random-wrapper.ts';

export const PUBLIC_URL = new URL('http://localhost:7420');
export const callbackOf = (name: string): string => `${PUBLIC_URL.origin}/oauth/callback/${name}`;
export const OWNER = 'engineering/github-mcp';

/** The time of now, moved by hand: a provider in the test has the real one. */
export class MovedClock implements Clock {
  #by = 0;

  now(): number {
    return Date.now() + this.#by;
  }

  advance(ms: number): void {
    this.#by += ms;
  }
}

/** A document as a configuration gives it. */
export function upstreamOf(
  type: keyof typeof UPSTREAM_TYPES,
  fields: Readonly<Record<string, unknown>>,
): UpstreamCommon {
  return UPSTREAM_TYPES[type].parse({ kind: 'upstream', type, allowPrivateNetworks: true, ...fields });
}

/** The company's provider as a document. */
export const companyOf = (idp: CompanyIdp, more: Readonly<Record<string, unknown>> = {}): UpstreamCommon =>
  upstreamOf('oidc', {
    name: 'company',
    issuer: idp.issuer,
    clientId: idp.clientId,
    clientSecret: idp.clientSecret,
    ...more,
  });

/** The one in GitHub's shape. */
export const githubOf = (idp: GithubShapedIdp, more: Readonly<Record<string, unknown>> = {}): UpstreamCommon =>
  upstreamOf('github', {
    name: 'github',
    url: idp.url,
    clientId: idp.clientId,
    clientSecret: idp.clientSecret,
    primary: false,
    ...more,
  });

/** A browser of a person, as far as our callback sees it. */
export const ORIGIN: AuditOrigin = {
  door: 'oauth',
  actor: { kind: 'anonymous', iss: 'chatelaine', sub: '', name: '' },
  address: '192.0.2.7',
};

export interface Federation {
  readonly clock: MovedClock;
  readonly database: Database;
  readonly trail: AuditLog;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly users: UserDirectory;
  readonly upstreams: Upstreams;
  readonly legs: Legs;
  readonly grants: Grants;
  readonly where: TestPlace;
  /** Another process on the same data: it shares the place and the key, and nothing in memory. */
  beside(): Promise<Federation>;
}

/** No vault in the way of what is not about it. */
const noSecrets: SecretReader = {
  read: async () => {
    throw new Error('no document here names a secret of the vault');
  },
};

/** Everything about upstreams and grants over a real database, a real vault and a real audit log. */
export async function startFederation(
  dialect: TestDialect,
  declared: () => readonly UpstreamCommon[],
  secrets: SecretReader = noSecrets,
  servers: () => readonly ProtectedServer[] = () => [],
  publicUrl = PUBLIC_URL,
): Promise<Federation> {
  const wrapper: WrapperSettings = randomWrapper();
  const documents = { declared, servers, publicUrl };
  return await openBeside(await emptyPlace(dialect), new MovedClock(), wrapper, documents, secrets);
}

async function openBeside(
  where: TestPlace,
  clock: MovedClock,
  wrapper: WrapperSettings,
  documents: {
    readonly declared: () => readonly UpstreamCommon[];
    readonly servers: () => readonly ProtectedServer[];
    readonly publicUrl: URL;
  },
  secrets: SecretReader,
): Promise<Federation> {
  const { declared, servers, publicUrl } = documents;
  const database = await openDatabase({ ...where.place, clock });
  onTestFinished(() => database.close());
  const root = mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
  const trail = await openAuditLog({ root, clock, logger: silentLogger });
  onTestFinished(async () => {
    await trail.close();
    rmSync(root, { recursive: true, force: true });
  });
  const vault = await openVault({
    ...{ database, clock, wrapper, log: silentLogger, ledger: forgetfulLedger, mayUse: sameNamespace },
    columns: [userProfileColumn, grantTokensColumn, upstreamClientsColumn],
  });
  onTestFinished(() => vault.close());
  const identity = openIdentity({ database, clock, trail, log: silentLogger, ledger: forgetfulLedger });
  onTestFinished(() => identity.close());
  const users = identity.userDirectory(vault);
  const clients = new RegisteredClients({ database, envelope: vault.envelope, clock });
  const upstreams = new Upstreams({ declared, secrets, clock, servers: { declared: servers, clients, publicUrl } });
  onTestFinished(() => upstreams.close());
  const legs = new Legs({ database, clock, trail, upstreams, publicUrl });
  const grants = new Grants({ frame: identity.frame, envelope: vault.envelope, upstreams });
  return {
    ...{ clock, database, trail, vault, identity, users, upstreams, legs, grants, where },
    beside: () => openBeside(where, clock, wrapper, documents, secrets),
  };
}

/** A leg that stands before our callback: the provider has been visited. */
export interface Returned {
  readonly callback: URL;
  /** The `Cookie` header of the browser that began. */
  readonly cookies: string;
  /** Where the browser was sent. */
  readonly location: URL;
}

/** Sends a browser away and lets it come back. */
export async function visit(
  legs: Legs,
  request: Partial<LegRequest> = {},
  browser = new IdpBrowser(),
): Promise<Returned> {
  const upstream = request.upstream ?? 'company';
  const begun = await legs.begin({ purpose: { kind: 'sign-in' }, returnTo: '/interaction/1', upstream, ...request });
  const callback = await browser.follow(begun.location, legs.callbackUrl(upstream).href);
  return { callback, cookies: begun.setCookie.split(';')[0] as string, location: begun.location };
}

/** Hands a callback in, as the route does. */
export const finish = ({ legs }: Pick<Federation, 'legs'>, returned: Returned, more: Partial<LegCallback> = {}) =>
  legs.finish({
    upstream: decodeURIComponent(returned.callback.pathname.split('/').at(-1) as string),
    query: returned.callback.searchParams,
    cookies: returned.cookies,
    user: undefined,
    origin: ORIGIN,
    ...more,
  });

/** `ok`, or the code that the callback ends with. */
export async function verdict(ending: ReturnType<Legs['finish']>): Promise<string> {
  const { outcome } = await ending;
  return outcome.ok ? 'ok' : outcome.error.error.code;
}

/** A whole leg that must end well. */
export async function goThrough(
  federation: Federation,
  request: Partial<LegRequest> = {},
  more: Partial<LegCallback> = {},
): Promise<FinishedLeg> {
  const { outcome } = await finish(federation, await visit(federation.legs, request), more);
  if (!outcome.ok) throw outcome.error.error;
  return outcome.value;
}

/** Signs somebody in, makes them a user, and keeps what the provider gave for an owner. */
export async function signedIn(
  federation: Federation,
  owner = OWNER,
): Promise<{ readonly userId: string; readonly leg: FinishedLeg }> {
  const leg = await goThrough(federation);
  const { user } = await provisionUser(
    { frame: federation.identity.frame, users: federation.users },
    { door: 'oauth' },
    leg.identity,
  );
  const { tokens, identity, upstream } = leg;
  await federation.grants.save({ userId: user.id, owner, upstream }, { tokens, identity }, operator().origin);
  return { userId: user.id, leg };
}
