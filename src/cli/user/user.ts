import type { ApiClient } from '../api/client.ts';
import { table, toSeconds } from '../print.ts';

/** A user as the API shows them. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly profile: { readonly displayName: string; readonly email: string } | null;
  readonly createdAt: string;
  readonly changedAt: string;
  readonly disabledAt: string | null;
}

/** The user of that id or login name: people know the one, records the other. */
export async function findUser(api: ApiClient, given: string): Promise<User> {
  const [{ at }, { ChatelaineError }, { cliError }] = await Promise.all([
    import('../api/client.ts'),
    import('#kernel'),
    import('../errors.ts'),
  ]);
  try {
    return await api.get<User>(at`/users/${given}`);
  } catch (error) {
    if (!(error instanceof ChatelaineError) || error.code !== 'USER_UNKNOWN') throw error;
  }
  const users = await api.all<User>('/users');
  const found = users.find(({ name }) => name.toLowerCase() === given.toLowerCase());
  if (found === undefined) throw cliError('PERSON_UNKNOWN', `there is no user with the id or the name \`${given}\``);
  return found;
}

export const describeUsers = (users: readonly User[]): string =>
  table(
    ['ID', 'NAME', 'SIGNS IN AT', 'STATE', 'CREATED', 'DISPLAY NAME', 'E-MAIL'],
    users.map((user) => [
      user.id,
      user.name,
      user.issuer === 'chatelaine' ? 'here' : user.issuer,
      user.disabledAt === null ? 'enabled' : 'disabled',
      toSeconds(user.createdAt),
      user.profile?.displayName ?? '',
      user.profile?.email ?? '',
    ]),
  );
