import { newId, type Secret } from '#kernel';
import { EVERYWHERE } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Author } from '../author.ts';
import type { ChangeFrame } from '../change-frame.ts';
import type { PasswordService } from '../passwords/password-service.ts';
import { newToken, presentedDigest } from '../sessions/token.ts';
import type { Attempts } from '../sign-in/attempt.ts';
import type { People, Person } from '../sign-in/people.ts';
import type { Visitor } from '../sign-in/visitor.ts';
import { findAgentInUse } from '../store/agents-store.ts';
import { findInvitation, insertInvitation, type Invitation } from '../store/invitations-store.ts';
import { useUp } from '../store/one-use.ts';
import { putPassword } from '../store/passwords-store.ts';
import { findUser } from '../store/users-store.ts';
import { addressBlock } from '../throttle/address-block.ts';
import { LINK_BUDGET } from '../throttle/budget.ts';
import type { Throttle } from '../throttle/throttle.ts';
import type { Profile } from '../users/user.ts';
import { invitationError } from './errors.ts';

export interface IssuedInvitation {
  readonly id: string;
  /** It exists here and nowhere else. */
  readonly token: Secret;
  readonly expiresAt: number;
}

export interface Registration {
  readonly invitation: string;
  /** What they will sign in with. */
  readonly username: string;
  readonly password: string;
  readonly profile: Profile;
}

const USUAL_MS = 7 * 86_400_000;
const SHORTEST_MS = 60_000;
const LONGEST_MS = 30 * 86_400_000;

/**
 * The one way to become a user by oneself: an administrator gives an invitation, once. Who comes by it has a name
 * and a password and no role; what roles they are given decides whether the first sign-in asks for a second factor.
 */
export class Invitations {
  readonly #frame: ChangeFrame;
  readonly #attempts: Attempts;
  readonly #people: People;
  readonly #passwords: Pick<PasswordService, 'hashNew'>;
  readonly #throttle: Throttle;

  constructor(parts: {
    readonly frame: ChangeFrame;
    readonly attempts: Attempts;
    readonly people: People;
    readonly passwords: Pick<PasswordService, 'hashNew'>;
    readonly throttle: Throttle;
  }) {
    this.#frame = parts.frame;
    this.#attempts = parts.attempts;
    this.#people = parts.people;
    this.#passwords = parts.passwords;
    this.#throttle = parts.throttle;
  }

  /** A new invitation. Throws `INVITATION_LIFETIME_REFUSED`, and as `ChangeFrame.check` does. */
  async invite(by: Author, lifetimeMs: number = USUAL_MS): Promise<IssuedInvitation> {
    if (!Number.isInteger(lifetimeMs) || lifetimeMs < SHORTEST_MS || lifetimeMs > LONGEST_MS) {
      throw invitationError('INVITATION_LIFETIME_REFUSED', `\`${lifetimeMs / 1000}\` seconds are too few, or too many`);
    }
    const now = this.#frame.clock.now();
    const [id, expiresAt] = [newId(now), now + lifetimeMs];
    const { secret: token, digest } = newToken();
    const object = { kind: 'invitation', namespace: EVERYWHERE, name: id, id };
    const change = { class: 'authentication' as const, type: 'invitation.issued', action: 'issue', object };
    return await this.#frame.inTransaction(by, change, async (trx) => {
      this.#frame.check(by, 'invitation.create', { namespace: EVERYWHERE });
      await insertInvitation(trx, { digest, id, invitedBy: by.principal.sub, createdAt: now, expiresAt });
      return { value: { id, token, expiresAt } };
    });
  }

  /**
   * Makes the user and uses the invitation up, in one transaction. Nothing is told of names to whoever has no
   * invitation; who has one is counted with every try, so that it is no way to find out who there is.
   * Throws `INVITATION_REFUSED`, `PASSWORD_REFUSED`, `NAME_REFUSED`, `PROFILE_REFUSED`, `USER_NAME_TAKEN`,
   * `SIGN_IN_THROTTLED`.
   */
  async register(visitor: Visitor, wanted: Registration): Promise<Person> {
    const event = { type: 'invitation.used', action: 'create' };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      const taken = await this.#throttle.take([{ budget: LINK_BUDGET, of: addressBlock(visitor.address) }]);
      const found = await this.#find(this.#frame.database.db, wanted.invitation);
      if (found === undefined) throw refused();
      notes.details['invitation'] = found.id;
      const { username: name, profile } = wanted;
      const { displayName, email } = profile;
      const phc = await this.#passwords.hashNew(wanted.password, { name, displayName, email });
      await notes.intend();
      const now = this.#frame.clock.now();
      const made = this.#people.add({
        ...{ name, profile, grants: [] },
        admit: async (trx) => {
          const current = await this.#find(trx, wanted.invitation);
          if (current === undefined || !(await useUp(trx, 'invitations', current.digest, now))) throw refused();
        },
        also: (trx, id) => putPassword(trx, id, phc, now),
      });
      const person = await this.#people.byId(await this.#frame.changes.after(made));
      if (person === undefined) throw refused();
      notes.person = person;
      await this.#throttle.giveBack(taken);
      return person;
    });
  }

  /** An invitation ends with whoever gave it: what they may not do any more nobody does for them. */
  async #find(db: DatabaseOrTransaction, token: string): Promise<Invitation | undefined> {
    const digest = presentedDigest(token);
    const found = digest && (await findInvitation(db, digest, this.#frame.clock.now()));
    if (!found) return undefined;
    const { invitedBy: id } = found;
    const [user, agent] = [(await findUser(db, id))?.user, await findAgentInUse(db, { id })];
    const isCutOff = user === undefined ? agent !== undefined && agent.cutOffAt !== null : user.disabledAt !== null;
    return isCutOff || user?.erasedAt ? undefined : found;
  }
}

const refused = (): Error => invitationError('INVITATION_REFUSED', 'there is no such invitation');
