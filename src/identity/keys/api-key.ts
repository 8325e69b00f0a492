/** A key as it can be shown: everything but what would let somebody use it. */
export interface ApiKey {
  readonly id: string;
  readonly agentId: string;
  readonly agent: string;
  readonly namespace: string;
  readonly scopes: readonly string[];
  readonly label: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** To the minute: uses are written in batches. */
  readonly lastUsedAt: number | null;
  readonly agentDisabledAt: number | null;
}

export type KeyState = 'active' | 'revoked' | 'disabled' | 'expired';

/**
 * Whether the key counts at `now`. What a person decided (revoked, disabled) comes before what the
 * calendar did, because it does not come undone when a clock is set back.
 */
export function keyState(key: Pick<ApiKey, 'revokedAt' | 'agentDisabledAt' | 'expiresAt'>, now: number): KeyState {
  if (key.revokedAt !== null) return 'revoked';
  if (key.agentDisabledAt !== null) return 'disabled';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  return 'active';
}
