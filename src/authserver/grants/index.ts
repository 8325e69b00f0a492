/**
 * grants: the tokens of people at identity providers.
 *
 * Owns keeping them (`grants.ts`: one grant for each user, owner and upstream, sealed under the key of the
 * person, so that an erasure shreds it), refreshing them once whoever asks (`refresher.ts`), ending them here
 * and at the provider (RFC 7009), handing out access tokens to those who run tools (`grant-source.ts`, the port
 * of `#contract`), and what a restore must not bring back (`after-restore.ts`).
 * Does not own: exchanges with providers (`../upstreams`), whose session a token of ours is of, who may ask.
 * Tables: `grants`. RFC 6749 §6, RFC 7009, RFC 9700 §4.14.
 *
 * A refresh token never leaves. A provider that stumbles ends no grant: only its `invalid_grant` does, and then
 * the grant stays, to say that the person has to link anew.
 */
export { Grants, type GrantFilter, type KnownGrant } from './grants.ts';
export type { Grant, GrantKey } from './grant.ts';
export { grantSource, type SubjectSession } from './grant-source.ts';
export { grantsAfterRestore } from './after-restore.ts';
export { grantTokensColumn } from '../store/grants-store.ts';
