import type { TLSSocket } from 'node:tls';
import type { AgentsBySpiffeId, CredentialRefusal, Principal } from '#contract';
import { err, type Result } from '#kernel';
import type { ClientCertificate, ClientCertificates, PeerIdentity, PeerRefusal } from '#tls';

/** What tells who is at the other end of a connection with a client certificate. */
export interface ShownCertificates {
  /** What the certificate itself says, now. */
  identify(socket: TLSSocket): Result<Pick<PeerIdentity, 'uri' | 'serial'>, CredentialRefusal>;
  /** The certificate of this very connection, now, whoever it names: what tokens are bound to. */
  certificate(socket: TLSSocket): Result<Pick<ClientCertificate, 'serial' | 'thumbprint'>, CredentialRefusal>;
  /** The agent of an identity, now. */
  agentOf(identity: Pick<PeerIdentity, 'uri' | 'serial'>): Promise<Result<Principal, CredentialRefusal>>;
}

/**
 * The second way in, on the agent listener: a client certificate whose SPIFFE ID is an agent's. The
 * identity is the peer's of this very connection; headers in which a proxy would tell of another one
 * (X-Forwarded-Client-Cert and its kin) are read by nobody (INT-016).
 */
export class AgentCertificates implements ShownCertificates {
  readonly #clients: ClientCertificates;
  readonly #agents: AgentsBySpiffeId;

  constructor(clients: ClientCertificates, agents: AgentsBySpiffeId) {
    this.#clients = clients;
    this.#agents = agents;
  }

  identify(socket: TLSSocket): Result<PeerIdentity, CredentialRefusal> {
    const identity = this.#clients.identify(socket);
    return identity.ok ? identity : err(refusalOf(identity.error));
  }

  certificate(socket: TLSSocket): Result<ClientCertificate, CredentialRefusal> {
    const certificate = this.#clients.certificate(socket);
    return certificate.ok ? certificate : err(refusalOf(certificate.error));
  }

  async agentOf({ uri, serial }: Pick<PeerIdentity, 'uri' | 'serial'>): Promise<Result<Principal, CredentialRefusal>> {
    return await this.#agents.verify({ spiffeId: uri, serial });
  }
}

const refusalOf = ({ reason, detail }: PeerRefusal): CredentialRefusal => ({
  reason: CREDENTIAL_REASONS[reason],
  detail: `certificate: ${reason}: ${detail}`,
});

/** Many ways to be wrong are one to whoever reads the records: the certificate is not one that an agent could have. */
const CREDENTIAL_REASONS: Readonly<Record<PeerRefusal['reason'], CredentialRefusal['reason']>> = {
  unreadable: 'malformed',
  'no-uri': 'malformed',
  'several-uris': 'malformed',
  'no-spiffe-id': 'malformed',
  'no-workload': 'malformed',
  authority: 'malformed',
  'signing-usage': 'malformed',
  'no-signature-usage': 'malformed',
  'not-for-clients': 'malformed',
  'other-trust-domain': 'unknown',
  untrusted: 'unknown',
  'not-yet-valid': 'expired',
  expired: 'expired',
  revoked: 'revoked',
  'revocation-unknown': 'unavailable',
};
