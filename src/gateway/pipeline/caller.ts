import type { IncomingMessage } from 'node:http';
import type { CredentialRefusal, Principal, TokenVerifier } from '#contract';
import { err, ok, Secret, type ChatelaineError, type Logger, type Result } from '#kernel';
import { gatewayError } from '../errors.ts';
import type { HttpPeer, Peer } from './peer.ts';

/** Somebody whose credential counts. */
export interface Caller {
  readonly principal: Principal;
  /** Asks again whether what was presented still counts, for streams that outlast one check. */
  readonly verifyAgain: () => Verified | Promise<Verified>;
  readonly peer: Peer;
  /** The token of ours that they came with, where it is of a sign-in: tokens of theirs elsewhere are had for it. */
  readonly subjectToken?: Secret | undefined;
}

/** Nobody: what the wire is told, and what goes on record. */
export interface Unauthenticated {
  readonly error: ChatelaineError;
  readonly refusal: CredentialRefusal | 'absent';
}

export type Verified = Result<Principal, CredentialRefusal>;
export type Authenticated = Result<Caller, Unauthenticated>;

/** The token of a request; a key, or a token that no key is proved for, is none to be sent as DPoP. */
export function verifyToken(verifier: TokenVerifier, token: string, peer: HttpPeer): Verified | Promise<Verified> {
  const answer = verifier.verify(token, peer);
  if (peer.presentation?.scheme !== 'DPoP') return answer;
  return answer instanceof Promise ? answer.then(unlessUnbound) : unlessUnbound(answer);
}

const unlessUnbound = (verified: Verified): Verified =>
  verified.ok && verified.value.cnf?.jkt === undefined ? err(UNBOUND) : verified;

const UNBOUND: CredentialRefusal = {
  reason: 'mismatch',
  detail: 'sent as DPoP, and bound to no key of it',
  proof: { error: 'invalid_token', description: 'the token is not bound to a key of DPoP: send it as Bearer' },
};

export function callerOf(
  verified: Verified,
  verifyAgain: Caller['verifyAgain'],
  presented: { readonly token: string; readonly peer: HttpPeer },
  log: Logger,
): Authenticated {
  const { token, peer } = presented;
  if (verified.ok) {
    const { value: principal } = verified;
    const subjectToken = principal.tsid === undefined ? undefined : new Secret(token);
    return ok({ principal, verifyAgain, peer, subjectToken });
  }
  return refusedBy(verified.error, 'the credential is not valid', log, peer.presentation?.scheme);
}

/** One answer for everything that does not count; the log and the record say what it was. */
export function refusedBy(
  refusal: CredentialRefusal,
  message: string,
  log: Logger,
  scheme: 'Bearer' | 'DPoP' | 'certificate' = 'Bearer',
): Authenticated {
  const { reason, detail } = refusal;
  log.warn({ event: 'authentication.refused', reason, detail }, 'credential refused');
  return err({ error: toldOf(refusal, message, scheme), refusal });
}

function toldOf(
  { reason, proof }: CredentialRefusal,
  message: string,
  scheme: 'Bearer' | 'DPoP' | 'certificate',
): ChatelaineError {
  if (reason === 'unavailable') {
    return gatewayError('CREDENTIAL_UNVERIFIABLE', 'the credential cannot be verified now', {
      details: { retryAfterSeconds: 2 },
    });
  }
  // What is wrong with a proof its sender may know: only who has the token gets so far.
  if (proof !== undefined) return gatewayError('PROOF_REFUSED', proof.description, { details: { proof } });
  if (scheme === 'certificate') return gatewayError('CERTIFICATE_REFUSED', message);
  const details =
    scheme === 'DPoP' ? { proof: { error: 'invalid_token', description: message } } : { challenge: 'invalid_token' };
  return gatewayError('UNAUTHENTICATED', message, { details });
}

export function withoutToken(request: IncomingMessage, error: ChatelaineError): Authenticated {
  const refusal = request.headers.authorization === undefined ? 'absent' : ({ reason: 'malformed' } as const);
  return err({ error, refusal });
}
