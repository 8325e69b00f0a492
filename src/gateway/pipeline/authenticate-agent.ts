import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { CredentialRefusal, Principal, TokenVerifier } from '#contract';
import { err, ok, type Logger } from '#kernel';
import type { AgentCertificates } from './agent-certificates.ts';
import { callerOf, refusedBy, verifyToken, withoutToken, type Authenticated, type Verified } from './caller.ts';
import { credentialOf, presentationOf } from './credential.ts';
import type { HttpPeer } from './peer.ts';

/**
 * On the agent listener. A certificate alone says which agent it is. A token that is bound to that very
 * certificate says who it is for, and the certificate only that it was not stolen (RFC 8705 §3): it need not be
 * an agent's then. Any other token beside a certificate must be that same agent's, and then its narrower rights
 * hold; anything else is a deputy who was handed somebody else's token, or a thief of one (RFC 9700 §4.9).
 */
export async function authenticateAgent(
  request: IncomingMessage,
  peer: HttpPeer,
  { verifier, certificates }: { readonly verifier: TokenVerifier; readonly certificates: AgentCertificates },
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
  if (request.headers.authorization === undefined) {
    const agent = await verifyAgent();
    if (agent.ok) return ok({ principal: agent.value, verifyAgain: verifyAgent, peer });
    return refusedBy(agent.error, CERTIFICATE_IS_NONE, log, 'certificate');
  }
  const credential = credentialOf(request);
  if (!credential.ok) return withoutToken(request, credential.error);
  const { scheme, token } = credential.value;
  const judge = async (): Promise<Judgement> => {
    const [owner, shown] = [await verifyAgent(), certificates.certificate(socket)];
    if (!shown.ok) return { by: 'certificate', verified: owner.ok ? shown : owner };
    if (!owner.ok && !isNobody(owner.error)) return { by: 'certificate', verified: owner };
    const { serial, thumbprint: certificate } = shown.value;
    peer.certificateSerial = serial;
    peer.presentation ??= presentationOf(request, { scheme, listener: 'agents', certificate });
    const bearer = await verifyToken(verifier, token, peer);
    // Only those pass the verifier whose certificate is this one.
    if (!bearer.ok || bearer.value.cnf?.['x5t#S256'] !== undefined) return { by: 'token', verified: bearer };
    if (!owner.ok) return { by: 'certificate', verified: owner };
    return { by: 'token', verified: isSameAgent(owner.value, bearer.value) ? bearer : err(OTHERS_TOKEN) };
  };
  const { by, verified } = await judge();
  if (!verified.ok && by === 'certificate') return refusedBy(verified.error, CERTIFICATE_IS_NONE, log, by);
  return callerOf(verified, async () => (await judge()).verified, { token, peer }, log);
}

/** Whom both together let in, or which of the two keeps somebody out. */
interface Judgement {
  readonly by: 'certificate' | 'token';
  readonly verified: Verified;
}

const CERTIFICATE_IS_NONE = 'the client certificate does not count';

/** Whether a certificate is no agent's, rather than that of one who may not come in: a client of OAuth has such. */
const isNobody = ({ reason }: CredentialRefusal): boolean => reason === 'unknown' || reason === 'malformed';

const OTHERS_TOKEN: CredentialRefusal = {
  reason: 'mismatch',
  detail: 'the token is not that of the agent in the client certificate',
};

const isSameAgent = (certified: Principal, bearer: Principal): boolean =>
  bearer.kind === 'agent' && bearer.iss === certified.iss && bearer.sub === certified.sub;
