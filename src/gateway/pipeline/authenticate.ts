import type { IncomingMessage } from 'node:http';
import type { TokenVerifier } from '#contract';
import { err, type Logger } from '#kernel';
import { gatewayError } from '../errors.ts';
import type { AgentCertificates } from './agent-certificates.ts';
import { authenticateAgent } from './authenticate-agent.ts';
import { callerOf, verifyToken, withoutToken, type Authenticated, type Verified } from './caller.ts';
import { credentialOf, isInQuery, presentationOf } from './credential.ts';
import type { HttpPeer } from './peer.ts';

/** What a listener lets callers prove themselves by. */
export interface WaysIn {
  readonly verifier: TokenVerifier;
  /** On the agent listener: there a certificate is demanded, and a token may come with it. */
  readonly certificates?: AgentCertificates | undefined;
}

/**
 * The first step of every door: who is calling. There is no switch around it.
 *
 * A token in the query string is refused; forms and cookies are not looked at. Of a plain bearer token nothing
 * more is read than its header; what a proof of possession takes is made for those who send one.
 */
export function authenticate(
  request: IncomingMessage,
  peer: HttpPeer,
  { verifier, certificates }: WaysIn,
  log: Logger,
): Authenticated | Promise<Authenticated> {
  if (isInQuery(request)) {
    const error = gatewayError('CREDENTIAL_IN_QUERY', 'the request has an `access_token` in its query string', {
      details: { challenge: 'invalid_request' },
    });
    return err({ error, refusal: { reason: 'malformed', detail: 'a token in the query string' } });
  }
  if (certificates !== undefined) return authenticateAgent(request, peer, { verifier, certificates }, log);
  const credential = credentialOf(request);
  if (!credential.ok) return withoutToken(request, credential.error);
  const { scheme, token } = credential.value;
  if (scheme === 'DPoP')
    peer.presentation = presentationOf(request, { scheme, listener: 'public', certificate: undefined });
  const verify = (): Verified | Promise<Verified> => verifyToken(verifier, token, peer);
  const answer = verify();
  // A known credential is judged at once; waiting for what is there would cost every call a turn.
  if (answer instanceof Promise) return answer.then((verified) => callerOf(verified, verify, { token, peer }, log));
  return callerOf(answer, verify, { token, peer }, log);
}
