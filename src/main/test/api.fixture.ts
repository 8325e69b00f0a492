/** A server with something of everything in the namespace `home`, and callers of every kind. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { EVERYWHERE, ROLES, serverSchema, type Access, type Role } from '#contract';
import { operator } from '#identity';
import { reveal, silentLogger, systemClock, type Clock } from '#kernel';
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
  /** The key of an administrator of `elsewhere` to whom nothing was refused yet. */
  readonly unheard: string;
  /** Credentials that are none, by what they are. */
  readonly refused: Readonly<Record<string, string | undefined>>;
  /** Ids of what was made in `home`. */
  readonly made: Readonly<Record<'user' | 'key' | 'foreignKey' | 'binding' | 'record' | 'member', string>>;
  ask(method: string, path: string, credential: string | undefined, init?: Ask): Promise<Response>;
  close(): Promise<void>;
}

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
  const config = place.write('tools.yaml', `${CITIES}\n---\nkind: server\nmetrics: false\naudit: ${audit}\n`);
  const anHourAgo: Clock = { now: () => systemClock.now() - 3_600_000 };
  const expired = await withServices(place.dataDir, anHourAgo, async ({ identity }) =>
    reveal(
      (await identity.keys.create(operator(), { agent: 'late', roles: ['admin'], access: ALL, lifetimeMs: 60_000 }))
        .secret,
    ),
  );
  const seeded = await withServices(place.dataDir, systemClock, seed);
  const server = await start(['--config', config, '--data-dir', place.dataDir]);
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

async function seed({ identity, users, vault, audit }: Services) {
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
  const unheard = await identity.keys.create(by, {
    agent: 'unheard',
    namespace: 'elsewhere',
    roles: ['admin'],
    access: ALL,
  });
  const gone = await identity.keys.create(by, { agent: 'gone', namespace: 'home', roles: ['admin'], access: ALL });
  await identity.keys.revoke(by, gone.key.id);

  for (const namespace of ['home', 'elsewhere']) {
    await identity.agents.create(by, { name: 'target', namespace });
    await identity.groups.create(by, { name: 'target', namespace });
    const material = parseSecretMaterial({ kind: 'password', password: 'hunter2' });
    await vault.secrets.put({ namespace, name: 'target', material }, async () => {});
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
  return {
    callers,
    unheard: reveal(unheard.secret),
    revoked: reveal(gone.secret),
    made: {
      user: user.id,
      key: target.key.id,
      foreignKey: foreign.key.id,
      binding: binding.id,
      record: record.id,
      member: target.agent.id,
    },
  };
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
