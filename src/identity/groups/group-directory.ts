import { didYouMean, newId, type ChatelaineError } from '#kernel';
import { EVERYWHERE, membershipId } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Author } from '../author.ts';
import { NOTHING_ELSE, type Also, type ChangeFrame, type FramedChange } from '../change-frame.ts';
import { identityError } from '../errors.ts';
import { checkGroupName, checkLabel, checkScope, quote } from '../names.ts';
import type { Action } from '../permissions/index.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import { keepingAnAdmin } from '../roles/last-admin.ts';
import type { Holder } from '../roles/role-binding.ts';
import { grantsOfGroup } from '../roles/standing.ts';
import { findAgentById } from '../store/agents-store.ts';
import { deleteBindingsTo } from '../store/bindings-store.ts';
import {
  deleteGroupRow,
  deleteMember,
  findGroupByName,
  insertGroup,
  insertMember,
  listGroups,
  listMembers,
} from '../store/groups-store.ts';
import { findUser } from '../store/users-store.ts';
import type { UserGroup } from './group.ts';

export interface NewGroup {
  readonly name: string;
  /** A namespace, or `EVERYWHERE`. */
  readonly namespace: string;
  readonly description?: string | undefined;
}

/**
 * Groups of our own and who is in them. Whoever is in a group has its roles, so putting somebody in takes
 * what giving those roles takes, and so does taking somebody out.
 */
export class GroupDirectory {
  readonly #frame: ChangeFrame;
  readonly #declared: DeclaredBindings;

  constructor(parts: { readonly frame: ChangeFrame; readonly declared: DeclaredBindings }) {
    this.#frame = parts.frame;
    this.#declared = parts.declared;
  }

  /** All groups, or those of one namespace (`EVERYWHERE` for the global ones). */
  list(namespace?: string): Promise<readonly UserGroup[]> {
    return listGroups(this.#frame.database.db, namespace);
  }

  /** The group and its members, for who may see it; throws `GROUP_UNKNOWN`. */
  async show(
    by: Author,
    namespace: string,
    name: string,
  ): Promise<UserGroup & { readonly members: readonly Holder[] }> {
    const { db } = this.#frame.database;
    const group = await this.#permitted(db, by, 'group.read', namespace, name);
    return { ...group, members: await listMembers(db, group.id) };
  }

  /**
   * Makes a group without members. Throws `NAME_REFUSED`, `GROUP_NAME_TAKEN`, and as `ChangeFrame.check`
   * does, also where a document has promised the name roles that the author could not give.
   */
  async create(by: Author, { name, namespace, description = '' }: NewGroup): Promise<UserGroup> {
    checkScope(namespace);
    checkGroupName(name);
    checkLabel(description);
    const now = this.#frame.clock.now();
    const group: UserGroup = { id: newId(now), namespace, name, description, createdAt: now };
    return await this.#frame.inTransaction(by, changeOf('group.create', namespace, name), async (trx) => {
      const gives = await grantsOfGroup(trx, this.#declared, { namespace, name });
      this.#frame.check(by, 'group.create', { namespace, gives });
      if ((await findGroupByName(trx, namespace, name)) !== undefined) {
        throw identityError('GROUP_NAME_TAKEN', `the namespace ${quote(namespace)} has a group ${quote(name)}`);
      }
      await insertGroup(trx, group);
      return { value: group, objectId: group.id };
    });
  }

  /** Deletes a group, with what it was given. Throws `GROUP_UNKNOWN`, `LAST_ADMIN`. */
  async delete(by: Author, namespace: string, name: string): Promise<void> {
    await this.#frame.inTransaction(by, changeOf('group.delete', namespace, name), async (trx) => {
      const group = await this.#permitted(trx, by, 'group.delete', namespace, name);
      await keepingAnAdmin(trx, this.#declared, async () => {
        await deleteBindingsTo(trx, { kind: 'group', id: group.id });
        await deleteGroupRow(trx, group.id);
      });
      return { value: undefined, objectId: group.id, ends: [{ what: 'group.deleted', id: group.id }] };
    });
  }

  /** Puts somebody in; twice changes nothing. Throws `GROUP_UNKNOWN`, `MEMBER_UNKNOWN`. */
  addMember(by: Author, namespace: string, name: string, member: Holder): Promise<void> {
    return this.#changeMember(by, namespace, name, member, async (trx, group, now) => {
      await insertMember(trx, group.id, member, now);
      return { resumes: [{ what: 'membership.added', id: membershipId(group.id, member) }] };
    });
  }

  /** Takes somebody out; twice changes nothing. Throws `GROUP_UNKNOWN`, `MEMBER_UNKNOWN`, `LAST_ADMIN`. */
  removeMember(by: Author, namespace: string, name: string, member: Holder, also: Also = NOTHING_ELSE): Promise<void> {
    return this.#changeMember(by, namespace, name, member, async (trx, group) => {
      await keepingAnAdmin(trx, this.#declared, () => deleteMember(trx, group.id, member));
      await also(trx);
      return { ends: [{ what: 'membership.removed', id: membershipId(group.id, member) }] };
    });
  }

  async #changeMember(
    by: Author,
    namespace: string,
    name: string,
    member: Holder,
    work: (
      trx: DatabaseOrTransaction,
      group: UserGroup,
      now: number,
    ) => Promise<Pick<FramedChange<void>, 'ends' | 'resumes'>>,
  ): Promise<void> {
    const details = { member: `${member.kind} ${member.id.slice(0, 26)}` };
    await this.#frame.inTransaction(by, { ...changeOf('group.change', namespace, name), details }, async (trx) => {
      const group = await this.#permitted(trx, by, 'group.change', namespace, name);
      await this.#mustBeThere(trx, group, member);
      const moved = await work(trx, group, this.#frame.clock.now());
      return { value: undefined, objectId: group.id, ...moved };
    });
  }

  async #permitted(
    db: DatabaseOrTransaction,
    by: Author,
    action: Action,
    namespace: string,
    name: string,
  ): Promise<UserGroup> {
    const group = await findGroupByName(db, namespace, name);
    const touches = group === undefined ? [] : await grantsOfGroup(db, this.#declared, group);
    this.#frame.check(by, action, { namespace, touches, missing: () => unknownGroup(namespace, name) });
    if (group !== undefined) return group;
    const names = (await listGroups(db, namespace)).map((one) => one.name);
    throw unknownGroup(namespace, name, didYouMean(name, names));
  }

  /** A group of a namespace takes users, and agents of that namespace: foreign agents answer as none. */
  async #mustBeThere(db: DatabaseOrTransaction, group: UserGroup, { kind, id }: Holder): Promise<void> {
    if (kind === 'user') {
      const found = await findUser(db, id);
      if (found !== undefined && found.user.erasedAt === null) return;
    } else {
      const agent = await findAgentById(db, id);
      const near = group.namespace === EVERYWHERE || group.namespace === agent?.namespace;
      if (agent !== undefined && agent.deletedAt === null && near) return;
    }
    throw identityError('MEMBER_UNKNOWN', `there is no ${kind} ${quote(id, 26)} for the group ${quote(group.name)}`);
  }
}

const changeOf = (action: Action, namespace: string, name: string) => ({
  type: action,
  action: action.slice('group.'.length),
  object: { kind: 'group', namespace: namespace.slice(0, 128), name: name.slice(0, 128) },
});

export const unknownGroup = (namespace: string, name: string, hint = ''): ChatelaineError =>
  identityError('GROUP_UNKNOWN', `there is no group ${quote(name)} in the namespace ${quote(namespace)}${hint}`);
