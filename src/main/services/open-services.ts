import { join } from 'node:path';
import { ledgerTrouble, openLedger, type FileLedger } from '#backup';
import { openAuditLog, subjectOf, type AuditLog } from '#audit';
import type { LimitDeclaration, RoleBindingDeclaration, ServerSettings } from '#contract';
import { databasePlace, openDatabase, type Database } from '#db';
import { apiSecretColumn } from '#http';
import {
  openIdentity,
  openSignIn,
  permissionCheck,
  PERMISSIONS,
  totpSeedColumn,
  userProfileColumn,
  type Identity,
  type SignInServices,
  type UserDirectory,
} from '#identity';
import type { Clock, Logger } from '#kernel';
import { lateDecisionWatch, PoliciesInForce, type DeclaredPolicy, type DecisionWatch } from '#policy';
import { loadAccess, loadAnomalies } from '#registry';
import { openVault, sameNamespace, type Vault } from '#vault';
import type { Endings } from '../endings.ts';
import { wrapperSettings } from './key-wrapper.ts';
import { lateApprovalArgumentsColumn } from './approvals.ts';
import { lateLimits, type LateLimits } from './late-limits.ts';
import {
  lateGrantTokensColumn,
  lateSigning,
  lateSigningKeyColumn,
  lateUpstreamClientsColumn,
  type Signing,
} from './late-signing.ts';
import { sessionLifetimes } from './session-lifetimes.ts';
import { mountedSecrets } from './mounted-secrets.ts';
import { toolSecrets } from './tool-secrets.ts';

/** The same list each time: who declares nothing never changes it. */
const NONE: readonly DeclaredPolicy[] = [];

/** What keeps state: everything that a door, a route or a command asks something of. */
export interface Services {
  readonly database: Database;
  readonly ledger: FileLedger;
  readonly audit: AuditLog;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly users: UserDirectory;
  /** Who may call what. */
  readonly policies: PoliciesInForce;
  /** What is kept of decisions beside their records. */
  readonly watch: DecisionWatch;
  /** How much callers may do. */
  readonly limits: LateLimits;
  /**
   * By what people sign in, where browsers reach the server at that URL. Made once, by the first who asks:
   * only a server that listens knows its port, and a command that shows no pages needs none.
   */
  signIn(publicUrl?: URL): SignInServices;
  /** What tokens are signed with, and how that is rotated. Loaded by the first who asks. */
  signing(): Promise<Signing>;
}

export interface ServicesOptions {
  /** Exists already, and belongs to us or is shared by several processes. */
  readonly dataDir: string;
  readonly settings: Pick<
    ServerSettings,
    'audit' | 'authorizationServer' | 'counters' | 'database' | 'vault' | 'ledger' | 'signIn'
  >;
  /** A missing database is an error, and not made: for commands that only look. */
  readonly mustExist?: boolean;
  /** The `kind: roleBinding` documents as they are now. */
  readonly declared?: () => readonly RoleBindingDeclaration[];
  /** The `kind: policy` documents as they are now. */
  readonly declaredPolicies?: () => readonly DeclaredPolicy[];
  /** The `kind: limit` documents as they are now. */
  readonly declaredLimits?: () => readonly LimitDeclaration[];
  /** One client's child process: it counts its own calls, until it ends. */
  readonly countsAlone?: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes what closes them, in the order of opening. */
  readonly endings: Endings;
}

/**
 * state → vault → audit → identity. One order for the server and for commands that work on a data
 * directory, so that what a command changes is sealed and recorded as a server would do it. The vault
 * comes before the audit log, which seals what is personal under the keys of people.
 *
 * Throws as `openDatabase`, `openVault` and `openAuditLog` do; what was opened until then is in `endings`.
 */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { dataDir, settings, clock, log, endings } = options;
  const place = databasePlace(settings.database, dataDir);
  const database = await openDatabase({
    ...place,
    ...('file' in place && { mustExist: options.mustExist === true }),
    clock,
  });
  endings.add('database', () => database.close());
  for (const warning of database.warnings) log.warn({ event: 'database.warning' }, warning);
  const ledgerOptions = { settings, dataDirectory: dataDir, database, clock };
  const ledger = await openLedger(ledgerOptions);
  // No reason not to serve: nothing can be revoked meanwhile, and that must not wait for whoever tries to.
  const trouble = await ledgerTrouble(ledgerOptions);
  if (trouble !== undefined) log.error({ event: 'ledger.unknown' }, `${trouble}; nothing can be revoked`);
  const vault = await openVault({
    database,
    ledger,
    clock,
    log,
    wrapper: wrapperSettings(settings.vault.keyWrapper, dataDir),
    previousWrappers: settings.vault.previousKeyWrappers.map((one) => wrapperSettings(one, dataDir)),
    severalHosts: settings.database.type === 'postgres',
    mayUse: sameNamespace,
    columns: [
      ...[userProfileColumn, totpSeedColumn, apiSecretColumn],
      ...[lateSigningKeyColumn, lateGrantTokensColumn, lateUpstreamClientsColumn, lateApprovalArgumentsColumn],
    ],
  });
  endings.add('vault', () => vault.close());
  const audit = await openAuditLog({
    root: join(dataDir, 'audit'),
    storage: { settings: settings.database, database },
    sealer: vault.subjectSealer,
    checkpoints: { records: settings.audit.checkpoints.records, ms: settings.audit.checkpoints.every },
    clock,
    logger: log,
  });
  endings.add('audit log', () => audit.close());
  const lifetimes = sessionLifetimes(settings.signIn);
  const identity = openIdentity({
    database,
    clock,
    log,
    trail: audit,
    ledger,
    check: permissionCheck(PERMISSIONS, lifetimes),
    ...(options.declared && { declared: options.declared }),
  });
  endings.add('identity', () => identity.close());
  const users = identity.userDirectory(vault);
  // Loaded when somebody is cut off: a server that only serves tools loads none of it.
  users.onCutOff(async (id, why) => (await import('#authserver')).endTokensOfUser({ database, clock }, id, why));
  users.onCutOff(async (id, why) => (await loadAccess()).endAccessOf({ database, clock }, id, why));
  users.onErasing(async (id) => (await loadAnomalies()).forgetWaysOf(database.db, `user:${id}`));
  let opened: SignInServices | undefined;
  const signIn = (publicUrl = new URL('http://localhost')): SignInServices => {
    if (opened !== undefined) return opened;
    const services = openSignIn({
      ...{ frame: identity.frame, envelope: vault.envelope, users, lifetimes, log, publicUrl },
      ...(options.declared && { declared: options.declared }),
    });
    endings.add('refusals of sign-ins that were counted', () => services.close());
    return (opened = services);
  };
  const signing = lateSigning({
    ...{ frame: identity.frame, envelope: vault.envelope, log },
    settings: settings.authorizationServer,
    secrets: toolSecrets(mountedSecrets(vault.reader, settings.vault.mounted), audit),
  });
  const policies = new PoliciesInForce({ database, clock, log, declared: options.declaredPolicies ?? (() => NONE) });
  const watched = () => policies.watched;
  const watch = lateDecisionWatch({ database, trail: audit, watched, clock, log });
  endings.add('what decisions were about', () => watch.close());
  users.onErasing(async (id) => watch.forget(((await users.identitiesOf(id)) ?? []).map(subjectOf)));
  // And what they did while that was under way.
  users.onCutOff(async (id, why) => (why === 'erased' ? await watch.forget([id]) : undefined));
  const limits = lateLimits({
    ...{ database, clock, log, endings, frame: identity.frame },
    settings: settings.counters ?? { type: options.countsAlone === true ? 'memory' : 'database' },
    declared: options.declaredLimits ?? (() => NO_LIMITS),
  });
  return { database, ledger, audit, vault, identity, users, policies, watch, limits, signIn, signing };
}

const NO_LIMITS: readonly LimitDeclaration[] = [];
