import { onTestFinished } from 'vitest';
import { newId, reveal, silentLogger, type ChatelaineError, type Secret } from '#kernel';
import {
  auditEvent,
  EVERYWHERE,
  type AuditEvent,
  type AuditStatus,
  type AuditTrail,
  type Role,
  forgetfulLedger,
} from '#contract';
import { type Database } from '#db';
import { openVault, sameNamespace, type Vault } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace, openRunning } from '../../../test/databases.ts';
import { ChangeFrame, permissionCheck, UserDirectory, userProfileColumn } from '#identity';
import { IdentityChanges } from '../changes.ts';
import { codeAt, stepAt } from '../second-factors/totp.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import type { BegunSession } from '../sessions/sessions.ts';
import { openSignIn, type SignInOptions, type SignInServices } from '../sign-in/open-sign-in.ts';
import type { Person } from '../sign-in/people.ts';
import type { PasswordAccepted } from '../sign-in/sign-in.ts';
import type { Visitor } from '../sign-in/visitor.ts';
import { insertBinding } from '../store/bindings-store.ts';
import { putPassword } from '../store/passwords-store.ts';
import { totpSeedColumn } from '../store/totp-store.ts';
import { HandClock } from './identity.fixture.ts';
import { randomWrapper } from '../../../test/random-wrapper.ts';

/** Cheap, so that tests hash in a millisecond; the production cost has its own test. */
export const TEST_COST = { memory: 64, passes: 1, parallelism: 1 };
export const PASSWORD = 'vier Kraniche ziehen südwärts';

/** A trail that keeps what was appended, if it has the form of a record, and refuses when told to. */
export class MemoryTrail implements AuditTrail {
  readonly events: AuditEvent[] = [];
  refusing: Error | undefined;

  get status(): AuditStatus {
    return this.refusing === undefined ? { available: true } : { available: false, since: 0, reason: 'told to' };
  }

  async append(event: AuditEvent) {
    if (this.refusing !== undefined) throw this.refusing;
    this.events.push(auditEvent.parse(event));
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
  readonly users: UserDirectory;
  readonly at: TestPlace;
  readonly wrapper: Parameters<typeof openVault>[0]['wrapper'];
  /** Makes a person with a password and roles that hold everywhere. */
  person(name: string, roles?: readonly Role[], password?: string): Promise<Person>;
  /** The session of a token as a page would read it. */
  live(begun: Pick<BegunSession, 'token'>): Promise<LiveSession>;
  /** Name and password. */
  password(
    name: string,
    options?: { password?: string; device?: string; visitor?: Visitor },
  ): Promise<PasswordAccepted>;
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
  const wrapper = beside?.wrapper ?? randomWrapper();
  const database = await openRunning(at, clock);
  const log = silentLogger;
  const columns = [totpSeedColumn, userProfileColumn];
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
  const trail = beside?.trail ?? new MemoryTrail();
  const changes = new IdentityChanges();
  const frame = new ChangeFrame({ ledger: forgetfulLedger, database, clock, trail, changes, check: permissionCheck() });
  const users = new UserDirectory({ frame, vault, declared: () => [] });
  const services = openSignIn({
    frame,
    log,
    envelope: vault.envelope,
    users,
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
    users,
    at,
    wrapper,
    async person(name, roles = ['user'], password = PASSWORD) {
      const { id } = await users.insert(newId(clock.now()), { name, profile: { displayName: name, email: '' } });
      for (const role of roles) await bindRole(database.db, clock.now(), id, role);
      const phc = await services.passwords.hashNew(password, { name, displayName: name, email: '' });
      await putPassword(database.db, id, phc, clock.now());
      return (await services.people.byId(id)) as Person;
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

export async function bindRole(db: Database['db'], now: number, userId: string, role: Role): Promise<void> {
  const subject = { kind: 'user' as const, id: userId };
  await insertBinding(db, { id: newId(now), role, namespace: EVERYWHERE, subject, createdAt: now });
}
