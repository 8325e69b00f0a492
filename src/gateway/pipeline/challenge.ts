import type { ProofFault } from '#contract';
import type { ChatelaineError } from '#kernel';
import type { DoorChallenge } from '#resource-server';

/**
 * The `WWW-Authenticate` value for a refusal: all scopes that are needed, at once, where the metadata of the
 * resource stand, and how recent a proof has to be (RFC 6750 §3; RFC 9728 §5.1; RFC 9470 §3). Clients differ in which of the two they follow, so both are there
 * wherever there is something to say. `door` is what the door says of itself; an error that comes from behind
 * it brings its own.
 *
 * Where tokens may be bound to keys, `DPoP` stands behind `Bearer` (RFC 9449 §7.1): clients that know one scheme
 * alone read the first. Whichever scheme was used wrongly says what was wrong.
 */
export function challenge(error: ChatelaineError, door?: DoorChallenge): string | undefined {
  const { details = {} } = error;
  const lacksScope = error.code === 'INSUFFICIENT_SCOPE';
  if (!lacksScope && error.status !== 401 && details['challenge'] === undefined) return undefined;
  const scopes = (details['scopes'] ?? door?.scopes ?? []) as readonly string[];
  const metadata = (details['metadata'] ?? door?.metadata) as string | undefined;
  const reason = lacksScope ? 'insufficient_scope' : (details['challenge'] as string | undefined);
  const says = reason !== undefined || details['described'] === true;
  const bearer = schemeOf('Bearer', [
    ['realm', 'chatelaine'],
    ['error', reason],
    ['scope', scopes.length === 0 ? undefined : scopes.join(' ')],
    ['max_age', details['maxAgeSeconds'] === undefined ? undefined : JSON.stringify(details['maxAgeSeconds'])],
    ['resource_metadata', metadata],
    ['error_description', says ? error.message : undefined],
  ]);
  const proof = faultOf(error);
  const proofs = door?.proofs ?? [];
  if (proof === undefined && (proofs.length === 0 || error.status !== 401)) return bearer;
  const dpop = schemeOf('DPoP', [
    ['realm', 'chatelaine'],
    ['error', proof?.error],
    ['algs', proofs.length === 0 ? undefined : proofs.join(' ')],
    ['error_description', proof?.description],
  ]);
  return `${bearer}, ${dpop}`;
}

/** What is wrong with the proof that a refused request was to hold. */
export const faultOf = ({ details }: ChatelaineError): ProofFault | undefined =>
  details?.['proof'] as ProofFault | undefined;

function schemeOf(scheme: string, parameters: readonly (readonly [name: string, value: string | undefined])[]): string {
  const given = parameters.filter(([, value]) => value !== undefined);
  // A quoted string holds neither quotes nor backslashes, and a header nothing that is not printable ASCII.
  return `${scheme} ${given.map(([name, value]) => `${name}="${value?.replaceAll(/[^\x20-\x7e]|["\\`]/g, '')}"`).join(', ')}`;
}
