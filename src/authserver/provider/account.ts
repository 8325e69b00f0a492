import type { UserWithProfile } from '#identity';
import type { Account as ProviderAccount } from 'oidc-provider';

export type Account = ProviderAccount;

/**
 * The claims of a user (OpenID Connect Core §5.1), as far as scopes ask for them. Their profile is sealed, and opened
 * where something of it is told: a refresh for tools tells nothing.
 */
export function accountOf(
  userId: string,
  groups: readonly string[],
  find: () => Promise<UserWithProfile | undefined>,
): Account {
  return {
    accountId: userId,
    async claims() {
      const user = await find();
      // Gone since they were looked up.
      if (user === undefined) return { sub: userId };
      const { displayName, email } = user.profile ?? {};
      return {
        sub: userId,
        preferred_username: user.name,
        ...(displayName !== undefined && displayName !== '' && { name: displayName }),
        // Never `email_verified`: nobody has verified it here.
        ...(email !== undefined && email !== '' && { email }),
        groups: [...groups],
      };
    },
  };
}
