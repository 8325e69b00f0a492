/**
 * identity: who there is, who is calling, and who may change what.
 *
 * Owns users (`users/`), agents (`agents/`), their API keys (`keys/`), groups (`groups/`), roles and who
 * holds them (`roles/`), disabled namespaces (`namespaces/`), the table of administrative permissions
 * (`permissions/`), how people sign in (`sign-in/` with `passwords/`, `second-factors/`, `sessions/`,
 * `throttle/`, `setup/`, `invitations/`, and `pages/`, which opens with its own guide), the local user of stdio and `invoke` (`local-user.ts`), and the grammar of names.
 * Every change goes through `change-frame.ts`: on record, permitted, and told to what is kept in memory.
 * Does not own: bearer headers and challenges (gateway), which tool a principal may call (gateway, policy),
 * sealing and erasing (vault).
 * Tables: `users`, `user_claim_groups`, `user_groups`, `group_members`, `role_bindings`, `shut_namespaces`,
 * `agents`, `api_keys`; of signing in `passwords`, `totp_seeds`, `passkeys`, `passkey_challenges`,
 * `recovery_codes`, `sessions`, `known_devices`, `one_time_links`, `invitations`, `device_codes`, `attempts`; queried in
 * `store/` alone. RFC 9106 (Argon2), NIST SP 800-63B-4, RFC 6238, WebAuthn Level 3, RFC 8628, RFC 6749 §3.3 (scopes), RFC 7517 (JWK Sets), RFC 8176
 * (`amr`), SPIFFE-ID, UTS 39 (names that look alike), RFC 4632 and RFC 4291 (networks).
 */
import type { identityRoutes } from './routes/index.ts';

export { openIdentity, type Identity, type IdentityParts } from './identity.ts';
export { operator, SYSTEM, type Author } from './author.ts';
export { ChangeFrame, type Also, type FramedChange } from './change-frame.ts';
export { Remembered } from './remembered.ts';
export { ChangeWatch } from './change-watch.ts';
export { addressBlock } from './throttle/address-block.ts';
export type { Budget } from './throttle/budget.ts';
export { Throttle, type Attempt } from './throttle/throttle.ts';
export { localUser, type LocalUserOptions } from './local-user.ts';
export type { Page, PageRequest } from './page.ts';
export { personBehind } from './users/person-behind.ts';
export { AGENT_TYPES, type Agent, type AgentType } from './agents/agent.ts';
export { agentPrincipal } from './agents/agent-principal.ts';
export { missingAgent, type AgentDirectory, type AgentFacts, type NewAgent } from './agents/agent-directory.ts';
export type { CertificateVerifier } from './agents/certificate-verifier.ts';
export type { UserGroup } from './groups/group.ts';
export type { GroupDirectory, NewGroup } from './groups/group-directory.ts';
export { keyState, type ApiKey, type KeyState } from './keys/api-key.ts';
export type { IssuedKey, KeyAuthority, KeyRequest, Rotation } from './keys/key-authority.ts';
export { parseKeyText } from './keys/key-text.ts';
export { identityAfterRestore } from './store/after-restore.ts';
export type { NamespaceDirectory, ShutNamespace } from './namespaces/namespace-directory.ts';
export {
  decide,
  permissionCheck,
  PERMISSIONS,
  refuseBy,
  type Action,
  type CheckPermission,
  type Permission,
  type PermissionTable,
  type Target,
} from './permissions/index.ts';
export type { IdentityHolder } from './roles/access-holders.ts';
export type { Holding } from './roles/holdings.ts';
export type { Holder, RoleBinding, Subject } from './roles/role-binding.ts';
export type { NewBinding, RoleDirectory } from './roles/role-directory.ts';
export type { AgentStandings, StandingAgent } from './roles/agent-standings.ts';
export type { Standing } from './roles/standing.ts';
export { userPrincipal, type Standings, type StandingUser, type SubjectStanding } from './roles/standings.ts';
export { loginKey } from './users/login-name.ts';
export { provisionUser, type Provisioned, type UpstreamIdentity } from './users/provision.ts';
export { type CutOff, type NewUser, unknownUser, UserDirectory } from './users/user-directory.ts';
export { isSelf, LOCAL_ISSUER, type Profile, type User, type UserWithProfile } from './users/user.ts';
export { userProfileColumn } from './store/users-store.ts';
export { openSignIn, type SignInOptions, type SignInServices } from './sign-in/open-sign-in.ts';
export { NOWHERE_ELSE, type Departure, type PrimaryProvider, type SignInElsewhere } from './sign-in/elsewhere.ts';
export { signInVouched, type Vouched } from './sign-in/vouched-sign-in.ts';
export { mustHaveSecondFactor } from './sign-in/people.ts';
export type { Visitor } from './sign-in/visitor.ts';
export { isRecentProof, SESSION_LIFETIMES, type Session, type SessionLifetimes } from './sessions/session.ts';
export type { LiveSession, SessionVerifier } from './sessions/session-verifier.ts';
export { clearCookie, cookieJar, readCookie, setCookie, type CookieJar } from './sessions/cookies.ts';
export { csrfToken, isCsrfToken, isOwnPage } from './sessions/csrf.ts';
export { totpSeedColumn } from './store/totp-store.ts';
export { signInPages, type SignInPages, type SignInPagesOptions } from './pages/index.ts';
export { readAssets, type Assets } from './pages/assets.ts';
export { readForm } from './pages/form-body.ts';
export { html, Html } from './pages/html.ts';
export { documentOf, formOf, noticeOf } from './pages/layout.ts';
export { withNext } from './pages/next-path.ts';
export { documentHeaders } from './pages/security-headers.ts';

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadIdentityRoutes = async (
  ...parts: Parameters<typeof identityRoutes>
): Promise<ReturnType<typeof identityRoutes>> => (await import('./routes/index.ts')).identityRoutes(...parts);
