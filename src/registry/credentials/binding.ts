/**
 * What a credential is bound to (RFC 7800): the keys that the caller's own credential is bound to, always, so that
 * nobody frees a right from its key by vending; and what is asked for beside that.
 */
import type { Confirmation, Presentation, Principal } from '#contract';
import { credentialError } from './errors.ts';
import type { Possession } from './ports.ts';

/** `key`: that of the DPoP proof of this request. `certificate`: that of its connection. */
export type Bind = 'key' | 'certificate';

export interface Binding {
  readonly bind: Bind | undefined;
  readonly presented: Presentation | undefined;
}

/** The `cnf` of a new credential; undefined for a bearer one. Throws `CREDENTIAL_BINDING_REFUSED`. */
export async function boundTo(
  { cnf }: Principal,
  { bind, presented }: Binding,
  possession: Possession,
): Promise<Confirmation | undefined> {
  // As at a token endpoint: whoever sends a proof is given a token that is bound to its key (RFC 9449 §5).
  const wantsKey = bind === 'key' || (presented?.proofs.length ?? 0) > 0;
  // A key that came with the caller's own token was proved at the door, and its proof is used up.
  const jkt = cnf?.jkt ?? (wantsKey ? await provedKey(presented, possession) : undefined);
  const certificate = bind === 'certificate' ? shownCertificate(presented) : cnf?.['x5t#S256'];
  if (jkt === undefined && certificate === undefined) return undefined;
  return { ...(jkt !== undefined && { jkt }), ...(certificate !== undefined && { 'x5t#S256': certificate }) };
}

async function provedKey(presented: Presentation | undefined, possession: Possession): Promise<string> {
  const key = presented && (await possession.keyOf(presented));
  if (key?.ok === true) return key.value;
  const said = key?.error.description ?? 'there is no DPoP proof';
  throw credentialError('CREDENTIAL_BINDING_REFUSED', said, { ...(key && { details: { proof: key.error } }) });
}

function shownCertificate(presented: Presentation | undefined): string {
  if (presented?.certificate !== undefined) return presented.certificate;
  throw credentialError('CREDENTIAL_BINDING_REFUSED', 'the connection shows no client certificate');
}
