import { sha256Hex, type Clock, type Secret } from '#kernel';
import { EVERYWHERE, type AuditOrigin, type AuditTrail } from '#contract';
import { recordedChange } from '#audit';
import type { Database, DatabaseOrTransaction } from '#db';
import type { IdentityChanges } from '../changes.ts';
import type { PasswordService } from '../passwords/password-service.ts';
import { requirePasswordStill } from '../passwords/password-version.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import { newToken } from '../sessions/token.ts';
import type { Attempts } from '../sign-in/attempt.ts';
import { signInError } from '../sign-in/errors.ts';
import type { People } from '../sign-in/people.ts';
import type { Visitor } from '../sign-in/visitor.ts';
import { findLink, putLink, type OneTimeLink } from '../store/one-time-links-store.ts';
import { useUp } from '../store/one-use.ts';
import { putPassword } from '../store/passwords-store.ts';
import { addressBlock } from '../throttle/address-block.ts';
import { LINK_BUDGET } from '../throttle/budget.ts';
import type { Throttle } from '../throttle/throttle.ts';

const LINK_MS = 3_600_000;

/** What the administrator says of themselves. */
export interface FirstAdministrator {
  readonly name: string;
  readonly displayName: string;
  readonly password: string;
}

/**
 * The way in of the first administrator: a link printed where the server starts, for an hour, once. Whoever
 * reads that terminal runs the server, which is the one thing that can be known before there is anybody.
 */
export class SetupLinks {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #trail: AuditTrail;
  readonly #attempts: Attempts;
  readonly #people: People;
  readonly #passwords: PasswordService;
  readonly #sessions: Sessions;
  readonly #throttle: Throttle;
  readonly #changes: IdentityChanges;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly trail: AuditTrail;
    readonly attempts: Attempts;
    readonly people: People;
    readonly passwords: PasswordService;
    readonly sessions: Sessions;
    readonly throttle: Throttle;
    readonly changes: IdentityChanges;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#trail = parts.trail;
    this.#attempts = parts.attempts;
    this.#people = parts.people;
    this.#passwords = parts.passwords;
    this.#sessions = parts.sessions;
    this.#throttle = parts.throttle;
    this.#changes = parts.changes;
  }

  /**
   * A new link, which ends the one before; undefined when there is an administrator already, unless
   * `reissue` says that it is wanted all the same (`chatelaine user setup-link`: who lost every way
   * in). The token goes behind `/console/setup?token=`.
   */
  async issue(origin: AuditOrigin, options: { readonly reissue: boolean }): Promise<Secret | undefined> {
    const taken = await this.#people.hasAdministrator(this.#database.db);
    if (taken && !options.reissue) return undefined;
    const now = this.#clock.now();
    const change = { type: 'setup.link-issued', action: 'issue', object: SETUP };
    return await recordedChange(this.#trail, origin, { class: 'authentication', ...change }, async () => {
      const { secret, digest } = newToken();
      const link = { digest, purpose: 'setup' as const, userId: null, reissued: taken };
      await this.#database.transaction((trx) => putLink(trx, { ...link, createdAt: now, expiresAt: now + LINK_MS }));
      return { value: secret, details: { reissued: taken } };
    });
  }

  /** Whether the link still lets somebody in; looking does not use it. */
  async opens(token: string): Promise<boolean> {
    return (await this.#find(this.#database.db, token)) !== undefined;
  }

  /**
   * Makes the administrator and uses the link up, in one transaction; the session that begins is good
   * for setting up the second factor and nothing else. Throws `LINK_REFUSED`, `PASSWORD_REFUSED`, and
   * what the directory finds wrong with the name.
   */
  async redeem(visitor: Visitor, token: string, wanted: FirstAdministrator): Promise<BegunSession> {
    const event = { type: 'setup.administrator', action: 'create' };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      const taken = await this.#throttle.take([{ budget: LINK_BUDGET, of: addressBlock(visitor.address) }]);
      if (!(await this.opens(token))) throw refused();
      await this.#throttle.giveBack(taken);
      const phc = await this.#passwords.hashNew(wanted.password, { ...wanted, email: '' });
      await notes.intend();
      const now = this.#clock.now();
      const userId = await this.#changes.after(
        this.#people.add({
          name: wanted.name,
          profile: { displayName: wanted.displayName, email: '' },
          grants: [{ role: 'admin', namespace: EVERYWHERE }],
          admit: async (trx) => {
            const link = await this.#find(trx, token);
            if (link === undefined || !(await useUp(trx, 'one_time_links', link.digest, now))) throw refused();
          },
          also: (trx, id) => putPassword(trx, id, phc, now),
        }),
      );
      notes.person = await this.#people.byId(userId);
      const where = { address: visitor.address, device: visitor.userAgent };
      return await this.#sessions.begin(
        { userId, kind: 'browser', stage: 'enrolment', amr: ['pwd'], ...where },
        (trx) => requirePasswordStill(trx, userId, now),
      );
    });
  }

  /** The link, if it is one for now: an administrator made in another way ends it, unless it came later. */
  async #find(db: DatabaseOrTransaction, token: string): Promise<OneTimeLink | undefined> {
    const link = await findLink(db, sha256Hex(token), this.#clock.now());
    if (link?.purpose !== 'setup') return undefined;
    return link.reissued || !(await this.#people.hasAdministrator(db)) ? link : undefined;
  }
}

const SETUP = { kind: 'setup', namespace: '', name: 'first-administrator' };

const refused = (): Error => signInError('LINK_REFUSED', 'this link does not set up an administrator any more');
