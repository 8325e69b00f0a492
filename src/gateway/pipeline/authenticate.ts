import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { CredentialRefusal, Principal, TokenVerifier } from '#contract';
import type { ChatelaineError, Logger, Result } from '#kernel';
import { err, ok } from '#kernel';
import type { DoorChallenge } from '#resource-server';
import { gatewayError } from '../errors.ts';
import type { AgentCertificates } from './agent-certificates.ts';
import type { HttpPeer, Peer } from './peer.ts';

export interface Caller {
  readonly principal: Principal;
  /** Asks again whether what was presented still counts, for streams that outlast one check. */
  readonly verifyAgain: () => Verified | Promise<Verified>;
  readonly peer: Peer;
}

/** Nobody: what the wire is told, and what goes on record. */
export interface Unauthenticated {
  readonly error: ChatelaineError;
  readonly refusal: CredentialRefusal | 'absent';
}

/** What a listener lets callers prove themselves by. */
export interface WaysIn {
  readonly verifier: TokenVerifier;
  /** On the agent listener: there a certificate is demanded, and a token may come with it. */
  readonly certificates?: AgentCertificates | undefined;
}

type Verified = Result<Principal, CredentialRefusal>;
type Authenticated = Result<Caller, Unauthenticated>;

/**
 * The first step of every door: who is calling. There is no switch around it.
 *
 * A token stands in one `Authorization: Bearer …` header and nowhere else: not in the query string, which is
 * refused, a form or a cookie (RFC 6750 §2; OAuth 2.1 §5.1). The scheme is case-insensitive and one space
 * separates it; nothing is trimmed, since a check that repairs input disagrees with the next reader
 * about what the token was.
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
  const credential = bearerCredential(request);
  if (!credential.ok) return withoutToken(request, credential.error);
  const verify = (): Verified | Promise<Verified> => verifier.verify(credential.value, peer);
  const answer = verify();
  // A known credential is judged at once; waiting for what is there would cost every call a turn.
  if (answer instanceof Promise) return answer.then((verified) => callerOf(verified, verify, peer, log));
  return callerOf(answer, verify, peer, log);
}

/**
 * On the agent listener: the certificate says which agent it is. A token beside it must be that same
 * agent's, and then its narrower rights hold; anything else is a deputy who was handed somebody else's
 * token, or a thief of one (RFC 9700 §4.9).
 */
async function authenticateAgent(
  request: IncomingMessage,
  peer: HttpPeer,
  { verifier, certificates }: Required<WaysIn> & { certificates: AgentCertificates },
  log: Logger,
): Promise<Authenticated> {
  const socket = request.socket as TLSSocket;
  const verifyAgent = async (): Promise<Verified> => {
    const identity = certificates.identify(socket);
    if (!identity.ok) return identity;
    // On record whoever it turns out to be.
    peer.certificateSerial = identity.value.serial;
    return certificates.agentOf(identity.value);
  };
  const agent = await verifyAgent();
  if (!agent.ok) return refusedBy(agent.error, 'CERTIFICATE_REFUSED', 'the client certificate does not count', log);
  if (request.headers.authorization === undefined)
    return ok({ principal: agent.value, verifyAgain: verifyAgent, peer });

  const credential = bearerCredential(request);
  if (!credential.ok) return withoutToken(request, credential.error);
  const verifyBoth = async (): Promise<Verified> => {
    const [owner, bearer] = [await verifyAgent(), await verifier.verify(credential.value, peer)];
    if (!owner.ok || !bearer.ok) return owner.ok ? bearer : owner;
    return isSameAgent(owner.value, bearer.value) ? bearer : err(OTHERS_TOKEN);
  };
  return callerOf(await verifyBoth(), verifyBoth, peer, log);
}

const OTHERS_TOKEN: CredentialRefusal = {
  reason: 'mismatch',
  detail: 'the token is not that of the agent in the client certificate',
};

const isSameAgent = (certified: Principal, bearer: Principal): boolean =>
  bearer.kind === 'agent' && bearer.iss === certified.iss && bearer.sub === certified.sub;

function callerOf(verified: Verified, verifyAgain: Caller['verifyAgain'], peer: Peer, log: Logger): Authenticated {
  if (verified.ok) return ok({ principal: verified.value, verifyAgain, peer });
  return refusedBy(verified.error, 'UNAUTHENTICATED', 'the credential is not valid', log);
}

/** One answer for everything that does not count; the log and the record say what it was. */
function refusedBy(
  refusal: CredentialRefusal,
  code: 'UNAUTHENTICATED' | 'CERTIFICATE_REFUSED',
  message: string,
  log: Logger,
): Authenticated {
  const { reason, detail } = refusal;
  log.warn({ event: 'authentication.refused', reason, detail }, 'credential refused');
  const error =
    reason === 'unavailable'
      ? gatewayError('CREDENTIAL_UNVERIFIABLE', 'the credential cannot be verified now', {
          details: { retryAfterSeconds: 2 },
        })
      : gatewayError(code, message, { ...(code === 'UNAUTHENTICATED' && { details: { challenge: 'invalid_token' } }) });
  return err({ error, refusal });
}

function withoutToken(request: IncomingMessage, error: ChatelaineError): Authenticated {
  const refusal = request.headers.authorization === undefined ? 'absent' : ({ reason: 'malformed' } as const);
  return err({ error, refusal });
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

/** RFC 6750 §2.3 is how; OAuth 2.1 §5.1 forbids it: URLs are kept in logs, histories and `Referer`. */
function isInQuery({ url = '' }: IncomingMessage): boolean {
  const question = url.indexOf('?');
  return question !== -1 && new URLSearchParams(url.slice(question + 1)).has('access_token');
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

/**
 * The `WWW-Authenticate` value for a refusal (RFC 6750 §3): all scopes that are needed, at once, and where
 * the metadata of the resource stand (RFC 9728 §5.1). Clients differ in which of the two they follow, so
 * both are there wherever there is something to say. `door` is what the door says of itself; an error that
 * comes from behind it brings its own.
 */
export function challenge(error: ChatelaineError, door?: DoorChallenge): string | undefined {
  const { details = {} } = error;
  const lacksScope = error.code === 'INSUFFICIENT_SCOPE';
  if (!lacksScope && error.status !== 401 && details['challenge'] === undefined) return undefined;
  const scopes = (details['scopes'] ?? door?.scopes ?? []) as readonly string[];
  const metadata = (details['metadata'] ?? door?.metadata) as string | undefined;
  const reason = lacksScope ? 'insufficient_scope' : (details['challenge'] as string | undefined);
  const says = reason !== undefined || details['described'] === true;
  const parameters: [name: string, value: string | undefined][] = [
    ['realm', 'chatelaine'],
    ['error', reason],
    ['scope', scopes.length === 0 ? undefined : scopes.join(' ')],
    ['resource_metadata', metadata],
    // A quoted string holds neither quotes nor backslashes, and a header nothing that is not printable ASCII.
    ['error_description', says ? error.message.replaceAll(/[^\x20-\x7e]|["\\`]/g, '') : undefined],
  ];
  const given = parameters.filter(([, value]) => value !== undefined);
  return `Bearer ${given.map(([name, value]) => `${name}="${value}"`).join(', ')}`;
}
