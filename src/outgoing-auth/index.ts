/**
 * outgoing-auth: how requests to others are authorized.
 *
 * Owns the port `OutgoingAuth` and the ways to fill it in. Does not own: where tokens of people are kept
 * (authserver, behind `CallerFace`), what may be reached at all (egress), what is sent (toolbox, servers).
 */
export type { OutgoingAuth, OutgoingRequest, Refusal, SentSecrets, TlsIdentity } from './outgoing-auth.ts';
export { openServerOAuth } from './server-oauth/index.ts';
