import type { Access } from '#contract';

/** A key as it can be shown: everything but what would let somebody use it. */
export interface ApiKey {
  readonly id: string;
  readonly agentId: string;
  readonly agent: string;
  readonly namespace: string;
  readonly scopes: readonly string[];
  readonly label: string;
  /** What it may be used for, however much its agent may do. */
  readonly access: readonly Access[];
  /** The tools it may call, by their exact names; null for every one. */
  readonly allowedTools: readonly string[] | null;
  /** The networks it may be used from; null for anywhere. */
  readonly allowedCidrs: readonly string[] | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** To the minute: uses are written in batches. */
  readonly lastUsedAt: number | null;
  /** The key that a rotation made in its place; it counts until it expires. */
  readonly replacedBy: string | null;
  /** Since when its agent, the user responsible for that, or the namespace is disabled. */
  readonly cutOffAt: number | null;
}

export type KeyState = 'active' | 'revoked' | 'disabled' | 'expired';

/**
 * Whether the key counts at `now`. What a person decided (revoked, disabled) comes before what the
 * calendar did, because it does not come undone when a clock is set back.
 */
export function keyState(key: Pick<ApiKey, 'revokedAt' | 'cutOffAt' | 'expiresAt'>, now: number): KeyState {
  if (key.revokedAt !== null) return 'revoked';
  if (key.cutOffAt !== null) return 'disabled';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  return 'active';
}
