import type { IncomingMessage } from 'node:http';
import type { CredentialRefusal, PeerFacts, Principal, TokenVerifier } from '#contract';
import type { ChatelaineError, Logger, Result } from '#kernel';
import { err, ok } from '#kernel';
import { gatewayError } from '../errors.ts';

export interface Caller {
  readonly principal: Principal;
  /** What was presented, and from where, for streams that outlast one check. */
  readonly credential: string;
  readonly peer: PeerFacts;
}

/**
 * The first step of every door: who is calling. There is no switch around it.
 *
 * The credential stands in one `Authorization: Bearer …` header and nowhere else: not in the query
 * string, a form or a cookie (RFC 6750 §2; OAuth 2.1 §5.1). The scheme is case-insensitive and one
 * space separates it; nothing is trimmed, since a check that repairs input disagrees with the next
 * reader about what the token was.
 */
export function authenticate(
  request: IncomingMessage,
  verifier: TokenVerifier,
  log: Logger,
): Result<Caller, ChatelaineError> | Promise<Result<Caller, ChatelaineError>> {
  const credential = bearerCredential(request);
  if (!credential.ok) return err(credential.error);
  const peer = { address: request.socket.remoteAddress };
  const answer = verifier.verify(credential.value, peer);
  // A known credential is judged at once; waiting for what is there would cost every call a turn.
  if (answer instanceof Promise) return answer.then((verified) => callerOf(verified, credential.value, peer, log));
  return callerOf(answer, credential.value, peer, log);
}

function callerOf(
  verified: Result<Principal, CredentialRefusal>,
  credential: string,
  peer: PeerFacts,
  log: Logger,
): Result<Caller, ChatelaineError> {
  if (verified.ok) return ok({ principal: verified.value, credential, peer });
  log.warn(
    { event: 'authentication.refused', reason: verified.error.reason, detail: verified.error.detail },
    'credential refused',
  );
  if (verified.error.reason === 'unavailable') {
    return err(
      gatewayError('CREDENTIAL_UNVERIFIABLE', 'the credential cannot be verified now', {
        details: { retryAfterSeconds: 2 },
      }),
    );
  }
  return err(
    gatewayError('UNAUTHENTICATED', 'the credential is not valid', { details: { challenge: 'invalid_token' } }),
  );
}

function bearerCredential(request: IncomingMessage): Result<string, ChatelaineError> {
  const header = request.headers.authorization;
  if (header === undefined) return err(gatewayError('UNAUTHENTICATED', 'the request carries no credential'));
  // Node keeps the first Authorization header and drops others silently.
  if (repeats(request.rawHeaders))
    return err(gatewayError('CREDENTIAL_REPEATED', 'the request carries more than one Authorization header'));
  const match = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(header);
  if (!match) {
    // Another scheme is no credential of ours: its challenge says nothing of errors (RFC 6750 §3.1).
    const ours = /^Bearer(?![A-Za-z])/i.test(header);
    return err(
      gatewayError('UNAUTHENTICATED', 'the Authorization header is not `Bearer` and one token', {
        ...(ours && { details: { challenge: 'invalid_token' } }),
      }),
    );
  }
  return ok(match[1] as string);
}

function repeats(rawHeaders: readonly string[]): boolean {
  let seen = false;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}

/** The `WWW-Authenticate` value for a refusal (RFC 6750 §3). */
export function challenge(error: ChatelaineError): string | undefined {
  if (error.code === 'INSUFFICIENT_SCOPE') {
    const scopes = ((error.details?.['scopes'] ?? []) as readonly string[]).join(' ');
    return `Bearer realm="chatelaine", error="insufficient_scope", scope="${scopes}", error_description="${error.message.replaceAll(/["\\]/g, '')}"`;
  }
  if (error.status !== 401) return undefined;
  const reason = error.details?.['challenge'];
  return reason === undefined
    ? 'Bearer realm="chatelaine"'
    : `Bearer realm="chatelaine", error="${reason as string}", error_description="${error.message.replaceAll(/["\\`]/g, '')}"`;
}
