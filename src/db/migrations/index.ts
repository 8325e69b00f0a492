/**
 * The one ordered stream of migrations, forward only.
 *
 * A change to the schema is a new file here, numbered on, and a line at the end of the list. A file
 * that was released is never edited: its checksum stands in every database that has had it.
 * The statements are SQL that SQLite and PostgreSQL both take (`text`, `bigint`, `check`,
 * `references`); the row types in `../schema/` change with them.
 */
import type { Migration } from '../migrate.ts';
import { identityMigration } from './0001-identity.ts';
import { vaultMigration } from './0002-vault.ts';
import { peopleMigration } from './0003-people.ts';
import { signInMigration } from './0004-sign-in.ts';
import { auditMigration } from './0005-audit.ts';
import { idempotencyMigration } from './0006-idempotency.ts';
import { keyringMigration } from './0007-keyring.ts';
import { hostKeysMigration } from './0008-host-keys.ts';
import { credentialChangesMigration } from './0009-credential-changes.ts';
import { apiSecretsMigration } from './0010-api-secrets.ts';
import { ledgersMigration } from './0011-ledgers.ts';
import { closedChainsMigration } from './0012-closed-chains.ts';
import { auditCheckpointsMigration } from './0013-audit-checkpoints.ts';
import { boundToSessionsMigration } from './0014-bound-to-sessions.ts';
import { signingKeysMigration } from './0015-signing-keys.ts';
import { clientsMigration } from './0016-clients.ts';
import { authorizationServerMigration } from './0017-authorization-server.ts';
import { grantsMigration } from './0018-grants.ts';
import { consentedUpstreamsMigration } from './0019-consented-upstreams.ts';
import { usedProofsMigration } from './0020-used-proofs.ts';
import { openRequestsMigration } from './0021-open-requests.ts';
import { clientBlocksMigration } from './0022-client-blocks.ts';
import { policiesMigration } from './0023-policies.ts';
import { decisionSubjectsMigration } from './0024-decision-subjects.ts';
import { limitsMigration } from './0025-limits.ts';
import { registeredToolsMigration } from './0026-registered-tools.ts';
import { approvalsMigration } from './0027-approvals.ts';
import { credentialsMigration } from './0028-credentials.ts';
import { toolUsageMigration } from './0029-tool-usage.ts';
import { incidentsMigration } from './0030-incidents.ts';
import { accessReviewsMigration } from './0031-access-reviews.ts';
import { publicationsMigration } from './0032-publications.ts';
import { registeredAtServersMigration } from './0033-registered-at-servers.ts';
import { replicasMigration } from './0034-replicas.ts';

export const migrations: readonly Migration[] = [
  identityMigration,
  vaultMigration,
  peopleMigration,
  signInMigration,
  auditMigration,
  idempotencyMigration,
  keyringMigration,
  hostKeysMigration,
  credentialChangesMigration,
  apiSecretsMigration,
  ledgersMigration,
  closedChainsMigration,
  auditCheckpointsMigration,
  boundToSessionsMigration,
  signingKeysMigration,
  clientsMigration,
  authorizationServerMigration,
  grantsMigration,
  consentedUpstreamsMigration,
  usedProofsMigration,
  openRequestsMigration,
  clientBlocksMigration,
  policiesMigration,
  decisionSubjectsMigration,
  limitsMigration,
  registeredToolsMigration,
  approvalsMigration,
  credentialsMigration,
  toolUsageMigration,
  incidentsMigration,
  accessReviewsMigration,
  publicationsMigration,
  registeredAtServersMigration,
  replicasMigration,
];
