import type { AllClientMetadata } from 'oidc-provider';
import type { ClientDisplay } from '../pages/interaction-pages.ts';

/** Where clients are looked up, whichever way they became known. */
export interface ClientSource {
  /** The metadata of the client (RFC 7591 §2), or undefined for one that there is not. */
  find(clientId: string): Promise<AllClientMetadata | undefined>;
}

/** Clients as people see them. */
export interface ClientDisplays {
  /** Throws for a client that is gone. */
  display(clientId: string): Promise<ClientDisplay>;
  /** Of what of its metadata a consent depends on. */
  digest(clientId: string): Promise<string>;
}
