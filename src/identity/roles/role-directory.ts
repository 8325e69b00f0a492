import { newId, type ChatelaineError } from '#kernel';
import { EVERYWHERE, type ActionTarget, type RoleBindingCommon } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Author } from '../author.ts';
import { NOTHING_ELSE, type Also, type ChangeFrame } from '../change-frame.ts';
import { identityError } from '../errors.ts';
import { checkRoles, checkScope, quote } from '../names.ts';
import { isEverywhere } from '../permissions/index.ts';
import { findAgentById } from '../store/agents-store.ts';
import { deleteBinding, findBinding, findSameBinding, insertBinding, listBindings } from '../store/bindings-store.ts';
import { findGroup } from '../store/groups-store.ts';
import { findUser } from '../store/users-store.ts';
import type { DeclaredBindings } from './declared-bindings.ts';
import { keepingAnAdmin } from './last-admin.ts';
import type { RoleBinding, Subject } from './role-binding.ts';

export interface NewBinding {
  readonly role: string;
  /** A namespace, or `EVERYWHERE`. */
  readonly namespace: string;
  readonly subject: Subject;
}

const LONGEST_NAME = 256;

/** Who holds which role, and where. */
export class RoleDirectory {
  readonly #frame: ChangeFrame;
  readonly #declared: DeclaredBindings;

  constructor(parts: { readonly frame: ChangeFrame; readonly declared: DeclaredBindings }) {
    this.#frame = parts.frame;
    this.#declared = parts.declared;
  }

  /** All bindings that were made here, or those at one scope, oldest first. */
  list(namespace?: string): Promise<readonly RoleBinding[]> {
    return listBindings(this.#frame.database.db, namespace);
  }

  /** Where the binding of that id holds, one that was made here; undefined where there is none. */
  async placeOf(id: string): Promise<ActionTarget | undefined> {
    const found = await findBinding(this.#frame.database.db, id);
    return found && { namespace: found.namespace };
  }

  /** Those that the configuration declares: read here, changed there. */
  declared(): readonly RoleBindingCommon[] {
    return this.#declared();
  }

  /**
   * Gives a role; the same one twice is the binding that is there. Holds here when it returns.
   *
   * Throws `ROLE_UNKNOWN`, `NAME_REFUSED`, `SUBJECT_UNKNOWN`, and as `ChangeFrame.check` does.
   */
  async create(by: Author, request: NewBinding): Promise<RoleBinding> {
    const { namespace, subject } = request;
    checkScope(namespace);
    const [role] = checkRoles([request.role]);
    if (role === undefined) throw identityError('ROLE_UNKNOWN', 'a binding has a role');
    const now = this.#frame.clock.now();
    const binding: RoleBinding = { id: newId(now), role, namespace, subject, createdAt: now };
    return await this.#frame.inTransaction(by, changeOf('create', binding), async (trx) => {
      this.#frame.check(by, 'binding.create', { namespace, gives: [{ role, namespace }] });
      if (!(await isThere(trx, by, binding))) throw unknownSubject(subject);
      const same = await findSameBinding(trx, binding, subject);
      if (same !== undefined) return { value: same, objectId: same.id };
      await insertBinding(trx, binding);
      return { value: binding };
    });
  }

  /** Takes a role. Holds here when it returns. Throws `BINDING_UNKNOWN`, `LAST_ADMIN`. */
  async delete(by: Author, id: string, also: Also = NOTHING_ELSE): Promise<void> {
    const found = await findBinding(this.#frame.database.db, id);
    const change = found === undefined ? unknownChange(id) : changeOf('delete', found);
    await this.#frame.inTransaction(by, change, async (trx) => {
      const binding = await findBinding(trx, id);
      if (binding === undefined) throw unknownBinding(id);
      const { namespace, role } = binding;
      const touches = [{ role, namespace }];
      this.#frame.check(by, 'binding.delete', { namespace, touches, missing: () => unknownBinding(id) });
      await keepingAnAdmin(trx, this.#declared, () => deleteBinding(trx, id));
      await also(trx);
      return { value: undefined, ends: [{ what: 'binding.removed', id: binding.id }] };
    });
  }
}

/**
 * Whether there is such a subject for the author: agents and groups of another namespace than the
 * binding's are there for global administrators alone, and answer everybody else as none.
 */
async function isThere(
  db: DatabaseOrTransaction,
  { principal }: Author,
  { namespace, subject }: RoleBinding,
): Promise<boolean> {
  const isNear = (place: string): boolean => place === namespace || isEverywhere(principal);
  switch (subject.kind) {
    case 'user': {
      const found = await findUser(db, subject.id);
      return found !== undefined && found.user.erasedAt === null;
    }
    case 'agent': {
      const agent = await findAgentById(db, subject.id);
      return agent !== undefined && agent.deletedAt === null && isNear(agent.namespace);
    }
    case 'group': {
      const group = await findGroup(db, subject.id);
      return group !== undefined && isNear(group.namespace);
    }
    case 'claim-group':
      // Whether the provider has such a group, only the provider knows.
      return isIssuer(subject.issuer) && subject.name !== '' && subject.name.length <= LONGEST_NAME;
  }
}

const isIssuer = (issuer: string): boolean =>
  issuer.length <= LONGEST_NAME && /^https?:$/.test(URL.parse(issuer)?.protocol ?? '');

const subjectText = (subject: Subject): string =>
  subject.kind === 'claim-group' ? `${subject.issuer}#${subject.name}`.slice(0, 256) : subject.id.slice(0, 26);

const changeOf = (verb: 'create' | 'delete', binding: RoleBinding) => ({
  type: `binding.${verb}`,
  action: verb,
  object: { kind: 'binding', namespace: binding.namespace, name: binding.id, id: binding.id },
  details: {
    role: binding.role,
    scope: binding.namespace === EVERYWHERE ? 'everywhere' : binding.namespace,
    subject: `${binding.subject.kind} ${subjectText(binding.subject)}`,
  },
});

const unknownChange = (id: string) => ({
  type: 'binding.delete',
  action: 'delete',
  object: { kind: 'binding', namespace: EVERYWHERE, name: id.slice(0, 26) },
});

export const unknownBinding = (id: string): ChatelaineError =>
  identityError('BINDING_UNKNOWN', `there is no role binding ${quote(id, 26)}`);

const unknownSubject = (subject: Subject): ChatelaineError =>
  identityError('SUBJECT_UNKNOWN', `there is no ${subject.kind} ${quote(subjectText(subject))}`);
