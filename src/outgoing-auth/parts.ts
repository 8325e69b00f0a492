import type { HeldSecret, SecretReference } from '#contract';
import type { EgressClient } from '#egress';
import type { Clock } from '#kernel';
import type { OauthClient } from './tokens/token-endpoint.ts';

/** What every way is made of. */
export interface OutgoingAuthParts {
  /** The way to token endpoints, under the rules of the destination and with the authorities that it trusts. */
  readonly egress: EgressClient;
  readonly secrets: OutgoingSecrets;
  readonly clock: Clock;
  /** Where relative paths start. */
  readonly directory: string;
}

/** Secrets of the vault in the hands of one destination; whoever opens it brings them. */
export interface OutgoingSecrets {
  /** What the reference leads to now. Rejects naming the reference; the next call tries again. */
  held(reference: SecretReference): Promise<HeldSecret>;
  /** The error for a secret that is there and of no use here. */
  unfit(reference: SecretReference, why: string, cause?: unknown): Error;
}

/** An OAuth client of the vault, and which version of it. */
export interface HeldClient extends OauthClient {
  readonly version: string;
}

/** Rejects as `held` does, and for a secret of another kind. */
export async function heldClient(secrets: OutgoingSecrets, reference: SecretReference): Promise<HeldClient> {
  const { material, version } = await secrets.held(reference);
  if (material.kind === 'oauth-client') return { ...material, version };
  throw secrets.unfit(reference, `is of the kind \`${material.kind}\`, while \`tokenUrl\` is for an OAuth client`);
}
