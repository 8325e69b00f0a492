/** A server with something of everything in the namespace `home`, and callers of every kind. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { EVERYWHERE, ROLES, serverSchema, type Access, type Role } from '#contract';
import { operator } from '#identity';
import { newId, reveal, silentLogger, systemClock, type Clock } from '#kernel';
import { Endings, openServices, type Services } from '#main';
import { parseSecretMaterial } from '#vault';
import { CITIES, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

export interface TestCaller {
  readonly what: string;
  readonly key: string;
  readonly role: Role;
  /** Where the role is held. */
  readonly namespace: string;
  readonly access: readonly Access[];
}

interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ServedApi {
  readonly server: RunningServer;
  readonly place: Workspace;
  readonly callers: readonly TestCaller[];
  /** Keys of administrators of `elsewhere` to whom nothing was refused yet. */
  readonly unheard: readonly string[];
  /** Credentials that are none, by what they are. */
  readonly refused: Readonly<Record<string, string | undefined>>;
  /** Ids of what was made in `home`. */
  readonly made: Readonly<
    Record<
      | 'user'
      | 'key'
      | 'foreignKey'
      | 'binding'
      | 'record'
      | 'member'
      | 'tokenSession'
      | 'client'
      | 'grant'
      | 'approval'
      | 'credential'
      | 'accessRequest'
      | 'accessReview'
      | 'alert'
      | 'containment',
      string
    >
  >;
  ask(method: string, path: string, credential: string | undefined, init?: Ask): Promise<Response>;
  close(): Promise<void>;
}

/** A tool of `home` that its file declares, and one that its publisher registers. */
const TARGET = CITIES.replaceAll(/^kind: .*$/gm, (kind) => `${kind}\nnamespace: home`).replace(
  'name: city\n',
  'name: target\n',
);
const REGISTERED = {
  ...{ kind: 'tool', type: 'sqlite-sql', source: 'cities', description: 'How many cities there are.', readOnly: true },
  statement: 'SELECT count(*) AS cities FROM cities',
};

const ALL: readonly Access[] = ['read', 'execute', 'admin'];

/** Runs with services over the data directory, as a command beside the server would. */
export async function withServices<Value>(
  dataDir: string,
  clock: Clock,
  work: (services: Services) => Promise<Value>,
): Promise<Value> {
  const endings = new Endings();
  try {
    const settings = serverSchema.parse({ kind: 'server' });
    return await work(await openServices({ dataDir, settings, clock, log: silentLogger, endings }));
  } finally {
    await endings.close(silentLogger);
  }
}

export async function serveApi(): Promise<ServedApi> {
  const place = workspace();
  // A receiver that is away, as far as anybody asks.
  const audit = '{anchors: [{type: file, name: worm, path: /nowhere/checkpoints}]}';
  const tools = [CITIES, TARGET].join('\n---\n');
  const config = place.write('tools.yaml', `${tools}\n---\nkind: server\nmetrics: false\naudit: ${audit}\n`);
  const anHourAgo: Clock = { now: () => systemClock.now() - 3_600_000 };
  const expired = await withServices(place.dataDir, anHourAgo, async ({ identity }) =>
    reveal(
      (await identity.keys.create(operator(), { agent: 'late', roles: ['admin'], access: ALL, lifetimeMs: 60_000 }))
        .secret,
    ),
  );
  const seeded = await withServices(place.dataDir, systemClock, seed);
  const server = await start(['--config', config, '--data-dir', place.dataDir]);
  const publisher = seeded.callers.find(({ what }) => what === 'tool_publisher of home')?.key;
  const registered = await fetch(`${server.url}/api/v1/tools/home/registered`, {
    method: 'POST',
    headers: { authorization: `Bearer ${publisher}`, 'content-type': 'application/json' },
    body: JSON.stringify({ document: REGISTERED }),
  });
  if (registered.status !== 201) throw new Error(`not registered: ${await registered.text()}`);
  return {
    ...seeded,
    server,
    place,
    refused: {
      'no credential': undefined,
      garbage: randomBytes(24).toString('base64url'),
      'a key that nobody made': seeded.revoked.slice(0, -4).concat('AAAA'),
      'an expired key': expired,
      'a revoked key': seeded.revoked,
      'a JWT without a signature': unsignedJwt(),
      'a JWT signed by a foreign key': foreignJwt(),
    },
    ask: (method, path, credential, { headers, body } = {}) =>
      fetch(`${server.url}${path}`, {
        method,
        headers: { ...headers, ...(credential !== undefined && { authorization: `Bearer ${credential}` }) },
        ...(body !== undefined && { body }),
      }),
    async close() {
      await server.stop();
      place.remove();
    },
  };
}

async function seed({ database, identity, users, vault, audit, limits }: Services) {
  const { directory } = await limits.opened();
  const by = operator();
  const callers: TestCaller[] = [];
  for (const role of ROLES) {
    for (const namespace of ['home', 'elsewhere', EVERYWHERE]) {
      const globally = namespace === EVERYWHERE;
      const made = await identity.keys.create(by, {
        agent: `${role}-${globally ? 'global' : namespace}`,
        // A global role comes from a binding: an agent's own hold in its namespace.
        namespace: globally ? 'afar' : namespace,
        roles: globally ? [] : [role],
        access: ALL,
      });
      if (globally) {
        await identity.roles.create(by, { role, namespace, subject: { kind: 'agent', id: made.agent.id } });
      }
      callers.push({ what: `${role} of ${namespace}`, key: reveal(made.secret), role, namespace, access: ALL });
    }
  }
  const reading = await identity.keys.create(by, { agent: 'reader', namespace: 'home', roles: ['admin'] });
  callers.push({
    what: 'admin of home, with a key that is not for administering',
    key: reveal(reading.secret),
    role: 'admin',
    namespace: 'home',
    access: ['read', 'execute'],
  });
  // Of whom nothing was refused yet: refusals of one caller are recorded one by one up to a number in a minute.
  const unheard: string[] = [];
  for (const agent of ['unheard', 'unheard-as-well']) {
    const wanted = { agent, namespace: 'elsewhere', roles: ['admin'], access: ALL } as const;
    unheard.push(reveal((await identity.keys.create(by, wanted)).secret));
  }
  const gone = await identity.keys.create(by, { agent: 'gone', namespace: 'home', roles: ['admin'], access: ALL });
  await identity.keys.revoke(by, gone.key.id);

  for (const namespace of ['home', 'elsewhere']) {
    await identity.agents.create(by, { name: 'target', namespace });
    await identity.groups.create(by, { name: 'target', namespace });
    const material = parseSecretMaterial({ kind: 'password', password: 'hunter2' });
    await vault.secrets.put({ namespace, name: 'target', material }, async () => {});
    await seedPolicy(database.db, namespace);
    await directory.put(by, namespace, 'target', { per: 'principal', limits: '9 calls per 1h' }, () => undefined);
  }
  const target = await identity.keys.create(by, { agent: 'target', namespace: 'home', roles: [] });
  const foreign = await identity.keys.create(by, { agent: 'target', namespace: 'elsewhere', roles: [] });
  const user = await users.create(by, { name: 'ann', profile: { displayName: 'Ann', email: '' } });
  const binding = await identity.roles.create(by, {
    role: 'user',
    namespace: 'home',
    subject: { kind: 'agent', id: target.agent.id },
  });
  const record = await audit.append({
    class: 'administration',
    type: 'test.seeded',
    door: 'cli',
    actor: { kind: 'system', iss: 'chatelaine', sub: 'test', name: 'test' },
    action: 'seed',
    object: { kind: 'agent', namespace: 'home', name: 'target' },
    outcome: 'success',
  });
  const { tokenSession, client, grant } = await seedAuthorization(database.db, user.id);
  const { credential, accessRequest } = await seedAccess(database.db, target.agent.id, target.key.id);
  return {
    callers,
    unheard,
    revoked: reveal(gone.secret),
    made: {
      user: user.id,
      key: target.key.id,
      foreignKey: foreign.key.id,
      binding: binding.id,
      record: record.id,
      member: target.agent.id,
      ...{ tokenSession, client, grant, approval: await seedApproval(database.db, target.agent.id) },
      ...{ credential, accessRequest, accessReview: await seedReview(database.db, user.id, target.agent.id) },
      ...(await seedIncident(database.db)),
    },
  };
}

/** A policy that permits nothing that there is. */
async function seedPolicy(db: Services['database']['db'], namespace: string): Promise<void> {
  const now = systemClock.now();
  const id = newId(now);
  await db.insertInto('policies').values({ id, namespace, name: 'target', version: 1, created_at: now }).execute();
  await db
    .insertInto('policy_versions')
    .values({
      ...{ policy_id: id, version: 1, priority: 0, description: '', shadow: 0, enabled: 1, deleted: 0 },
      ...{ cedar: 'permit (principal == User::"nobody", action, resource);', reason: '', author: 'test', at: now },
    })
    .execute();
}

/** A credential of the agent, and its wish for access, for a tool of `home`. */
async function seedAccess(db: Services['database']['db'], agentId: string, keyId: string) {
  const now = systemClock.now();
  const [credential, accessRequest] = [newId(now), newId(now)];
  await db
    .insertInto('vended_credentials')
    .values({
      ...{ id: credential, digest: '0'.repeat(64), namespace: 'home', tool: 'target', scopes: 'execute' },
      ...{ holder_kind: 'agent' as const, holder_id: agentId, holder_name: 'target', cnf: null, parent: null },
      ...{ through_kind: 'api-key' as const, through_id: keyId, policies: '[]', policy_version: 'none' },
      ...{ issued_at: now, expires_at: now + 3_600_000, revoked_at: null },
    })
    .execute();
  await db
    .insertInto('access_requests')
    .values({
      ...{ id: accessRequest, namespace: 'home', tool: 'target', subject_kind: 'agent' as const },
      ...{ subject_id: agentId, subject_name: 'target', requested_by: agentId, policy: null },
      ...{ justification: 'to see', state: 'pending' as const, reviewed_by: null, notes: null },
      ...{ created_policy: null, access_ends_at: null, created_at: now, decided_at: null },
    })
    .execute();
  return { credential, accessRequest };
}

/** A review of access in `home`, by that user, with one line about that agent. */
async function seedReview(db: Services['database']['db'], userId: string, agentId: string): Promise<string> {
  const now = systemClock.now();
  const id = newId(now);
  await db
    .insertInto('access_reviews')
    .values({
      ...{ id, namespace: 'home', title: 'autumn', on_due: 'report', due_at: now + 86_400_000, due_done_at: null },
      ...{ opened_by_kind: 'operator', opened_by: 'operator', opened_at: now, closed_by: null, closed_at: null },
    })
    .execute();
  await db.insertInto('access_review_reviewers').values({ review_id: id, user_id: userId }).execute();
  await db
    .insertInto('access_review_lines')
    .values({
      ...{ review_id: id, line: 1, holder_kind: 'agent', holder_id: agentId, holder_name: 'target' },
      ...{ kind: 'agent-role', namespace: 'home', target: 'user', what: 'role user in home', elsewhere: null },
      ...{ state: 'undecided', reason: null, decided_by: null, decided_at: null },
    })
    .execute();
  return id;
}

/** What a sign-in through a client that registered itself leaves, and one at an identity provider. */
export async function seedAuthorization(db: Services['database']['db'], userId: string) {
  const now = systemClock.now();
  const [tokenSession, client, grant] = [newId(now), `dyn_${newId(now)}`, newId(now)];
  const metadata = {
    ...{ name: 'Desk', redirectUris: ['https://desk.test/cb'], applicationType: 'web', authMethod: 'none' },
    grants: ['authorization_code', 'refresh_token'],
  };
  await db
    .insertInto('oauth_clients')
    .values({
      ...{ client_id: client, metadata: JSON.stringify(metadata), secret_hash: null, registration_token_hash: null },
      ...{ created_at: now, changed_at: now, last_used_at: now },
    })
    .execute();
  await db
    .insertInto('token_sessions')
    .values({
      ...{ id: tokenSession, user_id: userId, client_id: client, client_name: 'Desk', owner: 'default/gateway' },
      ...{ resource: 'http://localhost/mcp', scopes: 'openid', upstreams: '', created_at: now, last_used_at: now },
      ...{ expires_at: now + 86_400_000, ended_at: null, ended_because: null },
    })
    .execute();
  await db
    .insertInto('grants')
    .values({
      ...{ id: grant, user_id: userId, owner: 'default/gateway', upstream: 'company', status: 'active' as const },
      ...{ scopes: 'openid', tokens: 'none', key_id: 'none', expires_at: null, version: 1 },
      ...{ refresher: null, refreshing_until: null, created_at: now, changed_at: now },
    })
    .execute();
  return { tokenSession, client, grant };
}

/** A call of an agent in `home` that waits for somebody's yes. */
async function seedApproval(db: Services['database']['db'], agent: string): Promise<string> {
  const now = systemClock.now();
  const id = newId(now);
  await db
    .insertInto('approvals')
    .values({
      ...{ id, namespace: 'home', tool: 'pay', pin: 'none', binding: id, arguments_digest: 'none' },
      shown: JSON.stringify({ description: 'Pays.', type: 'http', annotations: { destructiveHint: true } }),
      ...{ caller_kind: 'agent', caller_iss: 'chatelaine', caller_sub: agent, caller_client: null, caller_act: '[]' },
      ...{ responsible: null, needs: '[""]', sealed: null, key_id: null, state: 'pending', reason: null },
      ...{ created_at: now, expires_at: now + 86_400_000, closed_at: null, notify_at: null, notify_attempts: 0 },
    })
    .execute();
  return id;
}

/** Something unusual in `home`, and a tool there that was stopped. */
async function seedIncident(db: Services['database']['db']) {
  const now = systemClock.now();
  const [alert, containment] = [newId(now), newId(now)];
  await db
    .insertInto('alerts')
    .values({
      ...{ id: alert, kind: 'new_tool', namespace: 'home', principal: 'agent:nobody', tool: 'pay', seen: 'pay' },
      ...{ usual: '3', record_id: null, raised_at: now, alert_window: 1, acknowledged_at: null, note: '' },
      ...{ told: '', notify_at: null, attempts: 0 },
      acknowledged_by: null,
    })
    .execute();
  await db
    .insertInto('containments')
    .values({
      ...{ id: containment, kind: 'tool', namespace: 'home', target: 'pay', name: 'pay', reason: 'leaks' },
      ...{ subjects: '[]', disabled_here: 0, begun_at: now, begun_by: 'chatelaine#operator', acknowledged_at: now },
      ...{ released_at: null, released_by: null, report: null },
    })
    .execute();
  return { alert, containment };
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = { iss: 'chatelaine', sub: 'admin', roles: ['admin'], exp: 4_102_444_800 };

const unsignedJwt = (): string => `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`;

function foreignJwt(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
