import type { UserWithProfile } from '#identity';
import type { Account as ProviderAccount } from 'oidc-provider';

export type Account = ProviderAccount;

/** The claims of a user (OpenID Connect Core §5.1), as far as scopes ask for them. */
export function accountOf(user: UserWithProfile, groups: readonly string[]): Account {
  const { displayName, email } = user.profile ?? {};
  return {
    accountId: user.id,
    claims: () => ({
      sub: user.id,
      preferred_username: user.name,
      ...(displayName !== undefined && displayName !== '' && { name: displayName }),
      // Never `email_verified`: nobody has verified it here.
      ...(email !== undefined && email !== '' && { email }),
      groups: [...groups],
    }),
  };
}
