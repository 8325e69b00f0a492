import type { TLSSocket } from 'node:tls';
import { err, ok } from '#kernel';
import type { AgentCertificates, ShownCertificates } from '../../pipeline/agent-certificates.ts';
import type { ShownCertificate } from './voucher.ts';

/** The certificate of a connection as a sibling is told of it; undefined when it counts no more, or never did. */
export function shownOn(certificates: AgentCertificates, socket: TLSSocket): ShownCertificate | undefined {
  const shown = certificates.certificate(socket);
  if (!shown.ok) return undefined;
  const { serial, thumbprint } = shown.value;
  const identity = certificates.identify(socket);
  if (identity.ok) return { serial, thumbprint, identity: { uri: identity.value.uri } };
  const { reason, detail } = identity.error;
  return { serial, thumbprint, identity: { refusal: { reason, ...(detail !== undefined && { detail }) } } };
}

/**
 * The certificate of a connection that another process has: its handshake and its authorities were judged there,
 * and are for as long as the connection lasts. Whether its agent may come in is asked here.
 */
export function witnessedCertificates(
  { serial, thumbprint, identity }: ShownCertificate,
  agents: Pick<AgentCertificates, 'agentOf'>,
): ShownCertificates {
  return {
    identify: () => ('uri' in identity ? ok({ uri: identity.uri, serial }) : err(identity.refusal)),
    certificate: () => ok({ serial, thumbprint }),
    agentOf: (named) => agents.agentOf(named),
  };
}
