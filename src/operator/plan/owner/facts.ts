/** What owners refer to, as whoever calls has resolved it. */
import type { MCPExternalAuthConfigSpec } from '#contract/kubernetes';
import type { ConfigMapKey } from '../plan.ts';

/** An MCPAuthServer, as its owners see it. */
export interface AuthServerFacts {
  readonly namespace: string;
  readonly name: string;
  readonly issuer: string;
  /** The internal Service, `https://login-internal.system.svc:7443`. */
  readonly internalUrl: string;
  readonly ports: { readonly public: number; readonly internal: number };
  /** The authorities that vouch for its internal port: a ConfigMap in the namespace of the owner. */
  readonly bundle: ConfigMapKey;
  /** Who it is there by its certificate; whoever has the name of the host without it. */
  readonly serverSpiffeId?: string;
  /** The authorities that vouch for the issuer, where those of the system do not. */
  readonly issuerBundle?: ConfigMapKey;
  /** The names of its upstreams. */
  readonly upstreams: readonly string[];
}

export interface ExternalAuth {
  readonly name: string;
  readonly spec: MCPExternalAuthConfigSpec;
}

/** A key of a ConfigMap that the resource refers to, with its value: nothing in it is secret. */
export interface ReferredText {
  readonly ref: ConfigMapKey;
  readonly text: string;
}

export interface OwnerCertificates {
  /** The Secret (`kubernetes.io/tls`) with the client certificate of the owner. */
  readonly client: string;
  /** One with a certificate for its own port; without it whoever stands in front is believed to speak TLS. */
  readonly serving?: string;
}
