/**
 * identity: who is calling.
 *
 * Owns agents (`agents/`), their API keys and the verification of them on the hot path (`keys/`), the
 * local user of stdio and `invoke` (`local-user.ts`), and the grammar of their names, scopes and roles.
 * Does not own: bearer headers and challenges (gateway), what a principal may do (gateway).
 * Tables: `agents`, `api_keys`, queried in `store/` alone. RFC 6750 §2.1 is the header's concern; the
 * grammar of a key is in `keys/key-text.ts`, of a scope RFC 6749 §3.3.
 */
export { openIdentity, type Identity } from './identity.ts';
export { localUser, type LocalUserOptions } from './local-user.ts';
export type { Agent } from './agents/agent.ts';
export type { AgentDirectory } from './agents/agent-directory.ts';
export { keyState, type ApiKey, type KeyState } from './keys/api-key.ts';
export type { IssuedKey, KeyAuthority, KeyRequest } from './keys/key-authority.ts';
export { parseKeyText } from './keys/key-text.ts';
export { operator, SYSTEM, type Author } from './author.ts';
export { ChangeFrame } from './change-frame.ts';
export { permissionCheck, PERMISSIONS, type Action, type CheckPermission, type Target } from './permissions/index.ts';
export type { Page, PageRequest } from './page.ts';
export { UserDirectory, type CutOff, type NewUser } from './users/user-directory.ts';
export { loginKey } from './users/login-name.ts';
export { isSelf, LOCAL_ISSUER, type Profile, type User, type UserWithProfile } from './users/user.ts';
export { userProfileColumn } from './store/users-store.ts';
export type { Standing } from './roles/standing.ts';
export { openSignIn, type SignInOptions, type SignInServices } from './sign-in/open-sign-in.ts';
export { mustHaveSecondFactor } from './sign-in/people.ts';
export type { Visitor } from './sign-in/visitor.ts';
export { FRESH_MS, SESSION_LIFETIMES, type Session, type SessionLifetimes } from './sessions/session.ts';
export type { LiveSession, SessionVerifier } from './sessions/session-verifier.ts';
export { cookieJar, readCookie, type CookieJar } from './sessions/cookies.ts';
export { csrfToken, isCsrfToken, isOwnPage } from './sessions/csrf.ts';
export { totpSeedColumn } from './store/totp-store.ts';
export { signInPages, type SignInPages, type SignInPagesOptions } from './pages/index.ts';
