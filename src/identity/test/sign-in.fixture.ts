import { randomBytes } from 'node:crypto';
import { onTestFinished, vi, expect } from 'vitest';
import { newId, reveal, Secret, silentLogger, type ChatelaineError } from '#kernel';
import { EVERYWHERE, type AuditEvent, type AuditTrail, type Role } from '#contract';
import { openDatabase, type Database } from '#db';
import { openVault, sameNamespace, type Vault } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import { IdentityChanges } from '../changes.ts';
import { codeAt, stepAt } from '../second-factors/totp.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import type { BegunSession } from '../sessions/sessions.ts';
import { openSignIn, type SignInOptions, type SignInServices } from '../sign-in/open-sign-in.ts';
import { normalizeName, type People, type Person } from '../sign-in/people.ts';
import type { Visitor } from '../sign-in/visitor.ts';
import { putPassword } from '../store/passwords-store.ts';
import { totpSeedColumn } from '../store/totp-store.ts';
import { HandClock } from './identity.fixture.ts';

/** Cheap, so that tests hash in a millisecond; the production cost has its own test. */
export const TEST_COST = { memory: 64, passes: 1, parallelism: 1 };
export const PASSWORD = 'vier Kraniche ziehen südwärts';

/** A trail that keeps what was appended, and refuses when told to. */
export class MemoryTrail implements AuditTrail {
  readonly events: AuditEvent[] = [];
  refusing: Error | undefined;

  async append(event: AuditEvent) {
    if (this.refusing !== undefined) throw this.refusing;
    this.events.push(event);
    return { id: newId(0), writer: newId(0), seq: this.events.length };
  }

  digest(value: unknown): string {
    return `hs256:00000000:${Buffer.from(JSON.stringify(value)).toString('base64url').padEnd(43, '_').slice(0, 43)}`;
  }

  /** Type, outcome and error of each record, oldest first. */
  get told(): readonly string[] {
    return this.events.map(({ type, outcome, error }) => [type, outcome, error].filter(Boolean).join(' '));
  }
}

export interface SignInProcess {
  readonly clock: HandClock;
  readonly database: Database;
  readonly vault: Vault;
  readonly trail: MemoryTrail;
  readonly services: SignInServices;
  readonly at: TestPlace;
  readonly wrapper: Parameters<typeof openVault>[0]['wrapper'];
  /** Makes a person with a password and roles that hold everywhere. */
  person(name: string, roles?: readonly Role[], password?: string): Promise<Person>;
  /** The session of a token as a page would read it. */
  live(begun: Pick<BegunSession, 'token'>): Promise<LiveSession>;
  /** Name and password. */
  password(name: string, options?: { password?: string; device?: string; visitor?: Visitor }): Promise<BegunSession>;
  /** Sets up an app and gives its seed; the session goes on. */
  enrolApp(live: LiveSession): Promise<{ seed: Secret; begun: BegunSession; recoveryCodes: readonly string[] }>;
  /** The code of now. */
  code(seed: Secret, steps?: number): string;
}

export const VISITOR: Visitor = { address: '198.51.100.7', userAgent: 'Mozilla/5.0 (X11; Linux) Firefox/140.0' };

/** Sign-in over a real database, as one process has it; with another it is a second process on the same data. */
export async function startSignIn(
  dialect: TestDialect,
  beside?: SignInProcess,
  options: Partial<SignInOptions> = {},
): Promise<SignInProcess> {
  const at = beside?.at ?? (await emptyPlace(dialect));
  const clock = beside?.clock ?? new HandClock();
  const wrapper = beside?.wrapper ?? {
    type: 'given' as const,
    key: new Secret(randomBytes(32).toString('base64')),
    where: 'the test key',
  };
  const database = await openDatabase({ ...at.place, clock });
  onTestFinished(() => database.close());
  await vi.waitFor(() => expect(database.changes.version()).not.toBe('unknown'), { timeout: 5000, interval: 10 });
  const log = silentLogger;
  const columns = [totpSeedColumn];
  const vault = await openVault({ database, clock, log, mayUse: sameNamespace, wrapper, columns });
  onTestFinished(() => vault.close());
  const trail = beside?.trail ?? new MemoryTrail();
  const people = tablePeople(database, clock);
  const services = openSignIn({
    database,
    clock,
    log,
    trail,
    envelope: vault.envelope,
    people,
    changes: new IdentityChanges(),
    publicUrl: new URL('https://tools.example'),
    hasher: { cost: TEST_COST, atOnce: 4, waiting: 1000 },
    ...options,
  });
  return {
    clock,
    database,
    vault,
    trail,
    services,
    at,
    wrapper,
    async person(name, roles = ['user'], password = PASSWORD) {
      const id = await addUser(database, clock.now(), name, roles);
      const phc = await services.passwords.hashNew(password, { name, displayName: name, email: null });
      await putPassword(database.db, id, phc, clock.now());
      return (await people.byId(id)) as Person;
    },
    async live({ token }) {
      const found = await services.verifier.read(reveal(token));
      if (!found.ok) throw new Error(`no session: ${found.error.reason}`);
      return found.value;
    },
    password: (name, more = {}) =>
      services.signIn.password(more.visitor ?? VISITOR, {
        name,
        password: more.password ?? PASSWORD,
        device: more.device,
      }),
    async enrolApp(live) {
      const { seed } = await services.enrolment.app(live);
      const { recoveryCodes, ...begun } = await services.enrolment.confirmApp(
        VISITOR,
        live,
        codeAt(seed, stepAt(clock.now())),
      );
      clock.advance(30_000);
      return { seed, begun, recoveryCodes: (recoveryCodes ?? []).map(reveal) };
    },
    code: (seed, steps = 0) => codeAt(seed, stepAt(clock.now()) + steps),
  };
}

export const refusalCode = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action;
    return 'nothing';
  } catch (error) {
    return (error as ChatelaineError).code ?? String(error);
  }
};

async function addUser(database: Database, now: number, name: string, roles: readonly Role[]): Promise<string> {
  return await database.transaction((trx) => insertUser(trx, now, name, roles));
}

async function insertUser(db: Database['db'], now: number, name: string, roles: readonly Role[]): Promise<string> {
  const id = newId(now);
  const user = { id, name, name_key: normalizeName(name), issuer: 'chatelaine', subject: id, profile: null };
  await db
    .insertInto('users')
    .values({ ...user, key_id: null, disabled_at: null, erased_at: null, created_at: now, changed_at: now })
    .execute();
  for (const role of roles) await bindRole(db, now, id, role);
  return id;
}

export async function bindRole(db: Database['db'], now: number, userId: string, role: Role): Promise<void> {
  await db
    .insertInto('role_bindings')
    .values({
      id: newId(now),
      role,
      namespace: EVERYWHERE,
      subject_kind: 'user',
      subject_issuer: '',
      subject_id: userId,
      created_at: now,
    })
    .execute();
}

/** People straight from their tables, as far as signing in needs them. */
function tablePeople({ db }: Database, clock: HandClock): People {
  const find = async (column: 'id' | 'name_key', value: string): Promise<Person | undefined> => {
    const row = await db.selectFrom('users').selectAll().where(column, '=', value).executeTakeFirst();
    if (row === undefined) return undefined;
    const grants = await db
      .selectFrom('role_bindings')
      .select(['role', 'namespace'])
      .where('subject_kind', '=', 'user')
      .where('subject_id', '=', row.id)
      .execute();
    const state = row.erased_at !== null ? 'erased' : row.disabled_at !== null ? 'disabled' : 'active';
    return { id: row.id, name: row.name, displayName: row.name, email: null, state, grants, groups: [] };
  };
  return {
    byName: (name) => find('name_key', name),
    byId: (id) => find('id', id),
    async hasAdministrator(trx) {
      const row = await trx
        .selectFrom('role_bindings')
        .select('id')
        .where('role', '=', 'admin')
        .where('namespace', '=', EVERYWHERE)
        .executeTakeFirst();
      return row !== undefined;
    },
    addAdministrator: (trx, { name }) => insertUser(trx, clock.now(), name, ['admin']),
  };
}
