/**
 * Every table as types, a file a subject: what a row is when Kysely hands it over.
 *
 * Types that both dialects have and give back alike: text, and whole numbers up to 2^53. A moment is
 * milliseconds since the epoch; what is a list of words (roles, scopes) is one text with spaces
 * between, as OAuth writes scopes; a digest is lower-case hex. `null` is "never" or "not said".
 */
import type { AccessReviewTables } from './access-reviews.ts';
import type { ApprovalsTables } from './approvals.ts';
import type { AuditTables } from './audit.ts';
import type { AuthorizationServerTables } from './authorization-server.ts';
import type { CredentialTables } from './credentials.ts';
import type { DecisionTables } from './decisions.ts';
import type { HttpTables } from './http.ts';
import type { IdentityTables } from './identity.ts';
import type { IncidentTables } from './incidents.ts';
import type { InstallationTables } from './installation.ts';
import type { LimitTables } from './limits.ts';
import type { PolicyTables } from './policies.ts';
import type { RegisteredToolTables } from './registered-tools.ts';
import type { SignInTables } from './sign-in.ts';
import type { ToolUsageTables } from './tool-usage.ts';
import type { VaultTables } from './vault.ts';

export type * from './access-reviews.ts';
export type * from './approvals.ts';
export type * from './audit.ts';
export type * from './authorization-server.ts';
export type * from './credentials.ts';
export type * from './decisions.ts';
export type * from './http.ts';
export type * from './identity.ts';
export type * from './incidents.ts';
export type * from './installation.ts';
export type * from './limits.ts';
export type * from './policies.ts';
export type * from './registered-tools.ts';
export type * from './sign-in.ts';
export type * from './tool-usage.ts';
export type * from './vault.ts';

export interface Schema
  extends
    InstallationTables,
    IdentityTables,
    SignInTables,
    VaultTables,
    AuditTables,
    HttpTables,
    AuthorizationServerTables,
    PolicyTables,
    DecisionTables,
    ApprovalsTables,
    LimitTables,
    RegisteredToolTables,
    CredentialTables,
    ToolUsageTables,
    IncidentTables,
    AccessReviewTables {}
