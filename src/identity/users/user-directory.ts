import { newId } from '#kernel';
import { EVERYWHERE, type ActionTarget, type Principal, type RoleGrant } from '#contract';
import { subjectScope, type Vault } from '#vault';
import type { DatabaseOrTransaction } from '#db';
import type { Author } from '../author.ts';
import type { ChangeFrame, FramedChange } from '../change-frame.ts';
import { identityError } from '../errors.ts';
import { quote } from '../names.ts';
import { keepingAnAdmin } from '../roles/last-admin.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import { standingOfUser, type Standing } from '../roles/standing.ts';
import { forgetPerson } from '../store/forget-person.ts';
import {
  findUser,
  findUserByKey,
  findUserBySubject,
  insertUser,
  listUsers,
  setUserDisabled,
  setUserName,
  setUserProfile,
  type StoredUser,
} from '../store/users-store.ts';
import type { Action } from '../permissions/index.ts';
import { checkLoginName, loginKey } from './login-name.ts';
import { checkPageLimit, readCursor, type Page, type PageRequest } from '../page.ts';
import { checkProfile, isSelf, LOCAL_ISSUER, profilePlace, sealable, unsealed } from './user.ts';
import type { Profile, User, UserWithProfile } from './user.ts';

export interface NewUser {
  readonly name: string;
  readonly profile: Profile;
  /** Who vouches for them; without it they sign in with us. */
  readonly upstream?: { readonly issuer: string; readonly subject: string } | undefined;
}

/** Told when a user was cut off, before that is acknowledged: sessions and tokens of theirs end here. */
export type CutOff = (userId: string, why: 'disabled' | 'erased') => Promise<void>;

/** Sees the user as they are before the change, in its transaction; what it throws undoes the change. */
export type Look = (current: User) => void;

/** The people: who there is, what they are called, who is cut off and who is forgotten. */
export class UserDirectory {
  readonly #frame: ChangeFrame;
  readonly #vault: Pick<Vault, 'envelope' | 'eraseSubject'>;
  readonly #declared: DeclaredBindings;
  readonly #cutOff: CutOff[] = [];
  readonly #erasing: ((userId: string) => Promise<void>)[] = [];

  constructor(parts: {
    readonly frame: ChangeFrame;
    readonly vault: Pick<Vault, 'envelope' | 'eraseSubject'>;
    readonly declared: DeclaredBindings;
  }) {
    this.#frame = parts.frame;
    this.#vault = parts.vault;
    this.#declared = parts.declared;
  }

  /** Adds to who is told of users that were disabled or erased; also while they are told, who then is too. */
  onCutOff(hook: CutOff): void {
    this.#cutOff.push(hook);
  }

  /** Adds to who is told of users that are about to be erased: what is theirs elsewhere can still be read. As `onCutOff`. */
  onErasing(hook: (userId: string) => Promise<void>): void {
    this.#erasing.push(hook);
  }

  /**
   * Makes a user, with no role; durable when it returns.
   *
   * Throws `NAME_REFUSED`, `PROFILE_REFUSED`, `CLAIMS_REFUSED`, `USER_NAME_TAKEN`, `USER_SUBJECT_TAKEN`, and as
   * `ChangeFrame.check` does.
   */
  async create(by: Author, request: NewUser): Promise<UserWithProfile> {
    const id = newId(this.#frame.clock.now());
    return await this.#recorded(by, 'user.create', id, async () => {
      this.#frame.check(by, 'user.create', { namespace: EVERYWHERE });
      return { value: await this.insert(id, request) };
    });
  }

  /** The part of `create` that writes, for sign-ins too. Throws as it does, but for permissions. */
  async insert(id: string, { name, profile, upstream }: NewUser): Promise<UserWithProfile> {
    const key = checkLoginName(name);
    const checked = checkProfile(profile);
    const issuer = upstream?.issuer ?? LOCAL_ISSUER;
    // Our own users are known by their ids: a subject of somebody's choosing could be another's.
    if (upstream?.issuer === LOCAL_ISSUER) {
      throw identityError('CLAIMS_REFUSED', `${quote(LOCAL_ISSUER)} is our own name and no identity provider's`);
    }
    const now = this.#frame.clock.now();
    const user: User = {
      id,
      name,
      issuer,
      subject: upstream?.subject ?? id,
      disabledAt: null,
      erasedAt: null,
      createdAt: now,
      changedAt: now,
    };
    // Looked at first without a key of their own, which a refused user has no use for.
    await checkFree(this.#frame.database.db, user, key);
    return await this.#vault.envelope.writing(subjectScope(id), async (trx, sealing) => {
      await checkFree(trx, user, key);
      await insertUser(trx, user, key, await sealing.seal(profilePlace(id), sealable(checked)));
      return { ...user, profile: checked };
    });
  }

  /** The user of that id, disabled ones too; undefined for none and for the erased. */
  async find(id: string): Promise<UserWithProfile | undefined> {
    return await this.#withProfile(await findUser(this.#frame.database.db, id));
  }

  /** What permissions ask about a user, whether there is one or not: in no namespace, and whether it is the caller. */
  async placeOf(principal: Principal, id: string): Promise<ActionTarget> {
    const stored = await findUser(this.#frame.database.db, id);
    return { namespace: EVERYWHERE, own: stored !== undefined && isSelf(principal, stored.user) };
  }

  /**
   * What the audit log may call a user: by our id, and by what their provider calls them, until that is
   * forgotten with them. Undefined where there never was one.
   */
  async identitiesOf(id: string): Promise<readonly { readonly iss: string; readonly sub: string }[] | undefined> {
    const stored = await findUser(this.#frame.database.db, id);
    if (stored === undefined) return undefined;
    const { issuer, subject, erasedAt } = stored.user;
    const ours = { iss: LOCAL_ISSUER, sub: id };
    return issuer === LOCAL_ISSUER || erasedAt !== null ? [ours] : [ours, { iss: issuer, sub: subject }];
  }

  /** The user whom that login name means, in whatever case it was typed. */
  async findByName(name: string): Promise<User | undefined> {
    return (await findUserByKey(this.#frame.database.db, loginKey(name)))?.user;
  }

  /** The user whom that issuer knows by that subject. */
  async findBySubject(issuer: string, subject: string): Promise<User | undefined> {
    return (await findUserBySubject(this.#frame.database.db, issuer, subject))?.user;
  }

  /** A page of users by age, without those that were erased. Throws `PAGE_REFUSED`. */
  async list(request: PageRequest = {}): Promise<Page<UserWithProfile>> {
    const limit = checkPageLimit(request.limit);
    const rows = await listUsers(this.#frame.database.db, { after: readCursor(request.cursor), limit: limit + 1 });
    const items: UserWithProfile[] = [];
    for (const row of rows.slice(0, limit)) {
      const user = await this.#withProfile(row);
      if (user !== undefined) items.push(user);
    }
    return { items, next: rows.length > limit ? rows[limit - 1]?.user.id : undefined };
  }

  /** What the user may be and do now, from the database; see `Standings` for the hot path. */
  async standing(id: string): Promise<Standing> {
    const { db } = this.#frame.database;
    const { user } = (await findUser(db, id)) ?? unknown(id);
    return await standingOfUser(db, this.#declared, user);
  }

  /** Puts another profile in the place of the one there is. Throws `PROFILE_REFUSED`, `USER_UNKNOWN`. */
  async changeProfile(by: Author, id: string, profile: Profile, look?: Look): Promise<UserWithProfile> {
    return await this.#recorded(by, 'user.change', id, async () => {
      const place = await this.placeOf(by.principal, id);
      this.#frame.check(by, 'user.change', { ...place, missing: () => unknownUser(id) });
      return { value: await this.replaceProfile(id, profile, look) };
    });
  }

  /** The part of `changeProfile` that writes, for sign-ins too. */
  async replaceProfile(id: string, profile: Profile, look: Look = () => {}): Promise<UserWithProfile> {
    const checked = checkProfile(profile);
    const now = this.#frame.clock.now();
    // Before a key is made for nobody.
    present(await findUser(this.#frame.database.db, id), id);
    return await this.#vault.envelope.writing(subjectScope(id), async (trx, sealing) => {
      const { user } = present(await findUser(trx, id), id);
      look(user);
      await setUserProfile(trx, id, await sealing.seal(profilePlace(id), sealable(checked)), now);
      return { ...user, changedAt: now, profile: checked };
    });
  }

  /** Gives the user another login name. Throws `NAME_REFUSED`, `USER_NAME_TAKEN`, `USER_UNKNOWN`. */
  async rename(by: Author, id: string, name: string): Promise<User> {
    const key = checkLoginName(name);
    return await this.#changing(by, 'user.rename', id, async (trx, user, now) => {
      const holder = await findUserByKey(trx, key);
      if (holder !== undefined && holder.user.id !== id) throw nameTaken(name);
      await setUserName(trx, id, name, key, now);
      return { ...user, name, changedAt: now };
    });
  }

  /**
   * Cuts the user off from now on, with the agents that they are responsible for; a second time changes
   * nothing. Throws `USER_UNKNOWN`, `LAST_ADMIN`.
   */
  async disable(by: Author, id: string): Promise<User> {
    return await this.#changing(
      by,
      'user.disable',
      id,
      async (trx, user, now) => {
        if (user.disabledAt !== null) return user;
        await keepingAnAdmin(trx, this.#declared, () => setUserDisabled(trx, id, now, now));
        return { ...user, disabledAt: now, changedAt: now };
      },
      () => this.#tellCutOff(id, 'disabled'),
    );
  }

  /** Lets the user in again. Throws `USER_UNKNOWN`. */
  async enable(by: Author, id: string): Promise<User> {
    return await this.#changing(by, 'user.enable', id, async (trx, user, now) => {
      await setUserDisabled(trx, id, null, now);
      return { ...user, disabledAt: null, changedAt: now };
    });
  }

  /**
   * Forgets the user for good: destroys their key, and with it everything that is sealed under it here and
   * in backups; takes their names, roles and memberships; leaves the id, which records refer to. What a kill
   * cut short, a second erasure finishes. Throws `USER_UNKNOWN`, `LAST_ADMIN`, and as the ledger does.
   */
  async erase(by: Author, id: string): Promise<void> {
    await this.#recorded(by, 'user.erase', id, async () => {
      await this.#permitted(this.#frame.database.db, by, 'user.erase', id);
      for (const hook of this.#erasing) await hook(id);
      // One transaction with the end of the key, and with the ledger: half an erasure would be undone by a restore.
      await this.#vault.eraseSubject(
        id,
        async () => {},
        async (trx) => {
          const { user } = await this.#permitted(trx, by, 'user.erase', id);
          await keepingAnAdmin(trx, this.#declared, async () => {
            await forgetPerson(trx, user, this.#frame.clock.now());
          });
        },
      );
      await this.#tellCutOff(id, 'erased');
      return { value: undefined };
    });
  }

  /**
   * Changes what a user signs in with, for an administrator: recorded, permitted as `user.reset`, and made in
   * one transaction. Throws `USER_UNKNOWN`, and what `work` throws.
   */
  async reset<Value>(
    by: Author,
    id: string,
    event: { readonly type: string; readonly action: string },
    work: (trx: DatabaseOrTransaction, user: User) => Promise<FramedChange<Value>>,
  ): Promise<Value> {
    const change = { class: 'authentication' as const, ...event, object: userObject(id) };
    return await this.#frame.inTransaction(by, change, async (trx) => {
      const stored = await this.#permitted(trx, by, 'user.reset', id);
      return await work(trx, present(stored, id).user);
    });
  }

  /** A recorded change to one user who is there, in one transaction, and what follows it. */
  async #changing(
    by: Author,
    action: Action,
    id: string,
    work: (trx: DatabaseOrTransaction, user: User, now: number) => Promise<User>,
    after: () => Promise<void> = async () => {},
  ): Promise<User> {
    return await this.#recorded(by, action, id, async () => {
      let resumed = false;
      const value = await this.#frame.database.transaction(async (trx) => {
        const { user } = await this.#permitted(trx, by, action, id);
        present({ user }, id);
        const changed = await work(trx, user, this.#frame.clock.now());
        resumed = user.disabledAt !== null && changed.disabledAt === null;
        if (changed.disabledAt !== null && user.disabledAt === null) {
          await this.#frame.ledger.append({ what: 'user.disabled', id });
        }
        return changed;
      });
      if (resumed) await this.#frame.ledger.append({ what: 'user.enabled', id });
      await after();
      return { value };
    });
  }

  async #permitted(trx: DatabaseOrTransaction, by: Author, action: Action, id: string): Promise<StoredUser> {
    const stored = await findUser(trx, id);
    const touches: readonly RoleGrant[] =
      stored === undefined ? [] : (await standingOfUser(trx, this.#declared, stored.user)).grants;
    this.#frame.check(by, action, { namespace: EVERYWHERE, touches, missing: () => unknownUser(id) });
    return stored ?? unknown(id);
  }

  #recorded<Value>(
    by: Author,
    action: Action,
    id: string,
    work: () => Promise<{ readonly value: Value }>,
  ): Promise<Value> {
    const change = { type: action, action: action.slice('user.'.length), object: userObject(id) };
    return this.#frame.recorded(by, change, work);
  }

  async #tellCutOff(id: string, why: 'disabled' | 'erased'): Promise<void> {
    for (const hook of this.#cutOff) await hook(id, why);
  }

  async #withProfile(stored: StoredUser | undefined): Promise<UserWithProfile | undefined> {
    if (stored === undefined || stored.sealed === null) return undefined;
    const { user, sealed } = stored;
    return { ...user, profile: unsealed(await this.#vault.envelope.open(profilePlace(user.id), sealed)) };
  }
}

async function checkFree(db: DatabaseOrTransaction, user: User, key: string): Promise<void> {
  if ((await findUserByKey(db, key)) !== undefined) throw nameTaken(user.name);
  if ((await findUserBySubject(db, user.issuer, user.subject)) === undefined) return;
  throw identityError('USER_SUBJECT_TAKEN', `${quote(user.issuer)} knows another user by ${quote(user.subject)}`);
}

/** A user of whom there is more than the row that an erasure leaves. */
function present<Stored extends { readonly user: User }>(stored: Stored | undefined, id: string): Stored {
  return stored === undefined || stored.user.erasedAt !== null ? unknown(id) : stored;
}

/** The id and no name: records outlive the person's wish to be forgotten. */
const userObject = (id: string) => ({ kind: 'user', namespace: EVERYWHERE, name: id, id });

const nameTaken = (name: string): Error =>
  identityError('USER_NAME_TAKEN', `the login name ${quote(name)} is somebody's already`);

export const unknownUser = (id: string) => identityError('USER_UNKNOWN', `there is no user ${quote(id, 26)}`);

function unknown(id: string): never {
  throw unknownUser(id);
}
