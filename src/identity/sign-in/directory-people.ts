import { newId, type Clock } from '#kernel';
import type { Database } from '#db';
import { subjectScope, type Envelope } from '#vault';
import { identityError } from '../errors.ts';
import { quote } from '../names.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import { hasAdmin } from '../roles/last-admin.ts';
import { insertBinding } from '../store/bindings-store.ts';
import { findUserByKey, insertUser } from '../store/users-store.ts';
import { checkLoginName, loginKey } from '../users/login-name.ts';
import type { UserDirectory } from '../users/user-directory.ts';
import { checkProfile, LOCAL_ISSUER, profilePlace, sealable, type User } from '../users/user.ts';
import type { Account, People } from './people.ts';

/** People as the directory of users knows them. */
export function directoryPeople(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly envelope: Envelope;
  readonly users: UserDirectory;
  readonly declared: DeclaredBindings;
}): People {
  const { database, clock, envelope, users, declared } = parts;
  return {
    async byName(name) {
      const user = (await findUserByKey(database.db, loginKey(name)))?.user;
      return user && accountOf(user);
    },

    async byId(id) {
      const user = await users.find(id);
      if (user === undefined) return undefined;
      const { grants, groups } = await users.standing(id);
      const { displayName = '', email = '' } = user.profile ?? {};
      return { ...accountOf(user), displayName: displayName === '' ? user.name : displayName, email, grants, groups };
    },

    hasAdministrator: (db) => hasAdmin(db, declared),

    async add({ name, profile: said, grants, admit, also }) {
      const key = checkLoginName(name);
      const profile = checkProfile(said);
      const now = clock.now();
      const id = newId(now);
      const user: User = {
        id,
        name,
        issuer: LOCAL_ISSUER,
        subject: id,
        disabledAt: null,
        erasedAt: null,
        createdAt: now,
        changedAt: now,
      };
      // The name is looked at first without a key of its own, which a refused person has no use for.
      const checkFree = async (db: Database['db']): Promise<void> => {
        if ((await findUserByKey(db, key)) === undefined) return;
        throw identityError('USER_NAME_TAKEN', `the login name ${quote(name)} is somebody's already`);
      };
      await checkFree(database.db);
      await envelope.writing(subjectScope(id), async (trx, sealing) => {
        await admit(trx);
        await checkFree(trx);
        await insertUser(trx, user, key, await sealing.seal(profilePlace(id), sealable(profile)));
        const subject = { kind: 'user' as const, id };
        for (const grant of grants) await insertBinding(trx, { id: newId(now), ...grant, subject, createdAt: now });
        await also(trx, id);
      });
      return id;
    },
  };
}

const accountOf = ({ id, name, issuer, subject, disabledAt, erasedAt }: User): Account => ({
  ...{ id, name, issuer, subject },
  state: erasedAt !== null ? 'erased' : disabledAt !== null ? 'disabled' : 'active',
});
