/**
 * db: Chatelaine's own state, in one SQLite file of the data directory or in PostgreSQL.
 *
 * Owns the connections (`sqlite/`, `postgres/`), the types of every table (`schema/`), the one ordered
 * stream of migrations (`migrations/`), transactions that hold what they checked (`transaction.ts`), the
 * rights of the role that serves (`rights.ts`), which keys all hosts of one database must have
 * (`host-keys.ts`), the modes of directory and file, whose directory it is
 * (`sqlite/claim.ts`), and the news that another process has changed something (`change-feed.ts`).
 * Does not own queries: they stand in `<module>/store/`, in SQL that SQLite and PostgreSQL both take.
 * Heavy (Kysely): import it where a database is opened, not where a command line is parsed. The driver of
 * PostgreSQL is loaded when one is opened.
 */
export {
  databasePlace,
  inspectMigrations,
  openDatabase,
  openDatabaseSession,
  type Database,
  type DatabaseOrTransaction,
  type DatabasePlace,
  type OpenDatabaseOptions,
} from './database.ts';
export type { DatabaseSession } from './postgres/session.ts';
export type { AfterRestore, StandingEnds } from './after-restore.ts';
export type { DataClass, TableClasses } from './data-classes.ts';
/** Loaded by whoever asks what columns hold: no server does. */
export const loadDataClasses = async () => await import('./data-classes.ts');
export { claimHostKey, findHostKey, forgetHostKeys, replaceHostKey, type HostKey } from './host-keys.ts';
export { restoreDatabase } from './restore.ts';
export { snapshotDatabase, type DatabaseSnapshot, type SnapshotPart } from './snapshot.ts';
export type { ChangeFeed } from './change-feed.ts';
export type { MigrationState } from './migrate.ts';
export { checkRestored, prepareDataDirectory, prepareStateFile, restoreMarker, stateFile } from './data-directory.ts';
export { withFileLock } from './sqlite/file-lock.ts';
export { keyringFile } from './sqlite/keyring.ts';
export { claimDataDirectory } from './sqlite/claim.ts';
export type {
  AccessRequestsTable,
  AccessReviewLinesTable,
  AccessReviewsTable,
  AgentsTable,
  ApiKeysTable,
  ApprovalsTable,
  AuditRecordsTable,
  DataKeysTable,
  ConsentsTable,
  DeviceCodesTable,
  OAuthArtifactsTable,
  TokenSessionsTable,
  GrantsTable,
  UpstreamClientsTable,
  GroupMembersTable,
  RegisteredToolRevisionsTable,
  RegisteredToolsTable,
  ToolPinsTable,
  IdempotencyKeysTable,
  LimitCountersTable,
  LimitsTable,
  OauthClientsTable,
  PoliciesTable,
  PolicyVersionsTable,
  RoleBindingsTable,
  Schema,
  SecretsTable,
  SecretVersionsTable,
  SessionsTable,
  SigningKeysTable,
  AlertsTable,
  ContainmentsTable,
  ToolUsageTable,
  TotpSeedsTable,
  UpstreamLoginsTable,
  UserGroupsTable,
  UsersTable,
  VaultKeyringTable,
  VaultLeasesTable,
  VendedCredentialsTable,
} from './schema/index.ts';
