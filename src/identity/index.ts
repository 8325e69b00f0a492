/**
 * identity: who is calling.
 *
 * Owns agents (`agents/`), their API keys and the verification of them on the hot path (`keys/`), the
 * local user of stdio and `invoke` (`local-user.ts`), and the grammar of their names, scopes and roles.
 * Does not own: bearer headers and challenges (gateway), what a principal may do (gateway).
 * Tables: `agents`, `api_keys`, queried in `store/` alone. RFC 6750 §2.1 is the header's concern; the
 * grammar of a key is in `keys/key-text.ts`, of a scope RFC 6749 §3.3.
 */
import type { identityRoutes } from './routes.ts';

export { openIdentity, type Identity } from './identity.ts';
export { localUser, type LocalUserOptions } from './local-user.ts';
export type { Agent } from './agents/agent.ts';
export type { AgentDirectory } from './agents/agent-directory.ts';
export { keyState, type ApiKey, type KeyState } from './keys/api-key.ts';
export type { IssuedKey, KeyAuthority, KeyRequest } from './keys/key-authority.ts';
export { parseKeyText } from './keys/key-text.ts';
export { refuseByRole } from './may-do.ts';

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadIdentityRoutes = async (
  ...parts: Parameters<typeof identityRoutes>
): Promise<ReturnType<typeof identityRoutes>> => (await import('./routes.ts')).identityRoutes(...parts);
