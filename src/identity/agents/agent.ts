import type { Role } from '#contract';

export const AGENT_TYPES = ['user', 'service', 'bot'] as const;
export type AgentType = (typeof AGENT_TYPES)[number];

/** A program that calls: a service, a bot, or what one person runs for themselves (`user`). */
export interface Agent {
  readonly id: string;
  readonly namespace: string;
  /** Unique in its namespace, for good: a deleted agent keeps its name. */
  readonly name: string;
  readonly type: AgentType;
  /** The id of the user who answers for it: while they are disabled, so is the agent. */
  readonly responsibleUser: string | null;
  readonly description: string;
  /** Those it has in its own namespace; bindings may give it more. */
  readonly roles: readonly Role[];
  readonly disabledAt: number | null;
  readonly createdAt: number;
  /** The name in its client certificate. */
  readonly spiffeId: string | null;
  /** A JWK Set (RFC 7517 §5) of public keys, as JSON, or the URL of one: what `private_key_jwt` is verified with. */
  readonly jwks: string | null;
  readonly jwksUri: string | null;
  /** From when on it is disabled for good. */
  readonly deletedAt: number | null;
}
