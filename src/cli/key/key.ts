/** A key as the API shows it. */
export interface Key {
  readonly id: string;
  readonly agent: string;
  readonly namespace: string;
  readonly state: 'active' | 'revoked' | 'disabled' | 'expired';
  readonly scopes: readonly string[];
  readonly label: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}
