import { randomInt } from 'node:crypto';
import { ChatelaineError, reveal, sha256Hex, type Clock, type Secret } from '#kernel';
import type { Database } from '#db';
import type { Attempts } from '../sign-in/attempt.ts';
import { signInError } from '../sign-in/errors.ts';
import type { People, Person } from '../sign-in/people.ts';
import type { Visitor } from '../sign-in/visitor.ts';
import {
  decideUserCode,
  findDeviceCode,
  findUserCode,
  insertDeviceCode,
  notePoll,
  takeDeviceCode,
  type WaitingProgram,
} from '../store/device-codes-store.ts';
import { addressBlock } from '../throttle/address-block.ts';
import { PROGRAM_BUDGET, USER_CODE_BUDGET } from '../throttle/budget.ts';
import type { Throttle } from '../throttle/throttle.ts';
import { isRecentProof, stepUpRequired, type SessionLifetimes } from './session.ts';
import type { LiveSession } from './session-verifier.ts';
import type { Sessions } from './sessions.ts';
import { cliCredential, newToken, presentedDigest } from './token.ts';

const LIFE_MS = 10 * 60_000;
/** Between two polls, at least (RFC 8628 §3.5). */
const INTERVAL_MS = 5000;
/**
 * How old the proof may be with which a program is let in. The program has it from there on, and nothing
 * there renews it: what is dangerous would be refused to it at once.
 */
const APPROVAL_MS = 60_000;
// RFC 8628 §6.1: no vowels, so no words; 20^8 is 34 bits, behind a throttle, for ten minutes.
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

/** What a program is told when it begins to wait (RFC 8628 §3.2). */
export interface Waiting {
  readonly deviceCode: Secret;
  /** `WDJB-MJHT`, for the person. */
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** The answer to a poll, in the words of RFC 8628 §3.5. */
export type Poll =
  | { readonly state: 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token' }
  | { readonly state: 'approved'; readonly credential: Secret; readonly expiresAt: number };

/** Why an approved code gives nothing any more, as its program is told. */
const REFUSALS: Readonly<Record<string, 'access_denied' | 'expired_token'>> = {
  DEVICE_CODE_UNKNOWN: 'expired_token',
  SESSION_REQUIRED: 'access_denied',
  SIGN_IN_REFUSED: 'access_denied',
};

/**
 * `chatelaine login`: a program without a browser gets a session by a code that its person confirms in one,
 * in the manner of RFC 8628. What it gets is a session like others: listed, short-lived, and over when it is
 * ended.
 */
export class ProgramSignIn {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #attempts: Attempts;
  readonly #people: People;
  readonly #sessions: Sessions;
  readonly #throttle: Throttle;
  readonly #lifetimes: SessionLifetimes;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly attempts: Attempts;
    readonly people: People;
    readonly sessions: Sessions;
    readonly throttle: Throttle;
    readonly lifetimes: SessionLifetimes;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#attempts = parts.attempts;
    this.#people = parts.people;
    this.#sessions = parts.sessions;
    this.#throttle = parts.throttle;
    this.#lifetimes = parts.lifetimes;
  }

  /** Begins to wait. `client` is what the program says of itself. Throws `SIGN_IN_THROTTLED`. */
  async start(visitor: Visitor, client: string): Promise<Waiting> {
    await this.#throttle.take([{ budget: PROGRAM_BUDGET, of: addressBlock(visitor.address) }]);
    const now = this.#clock.now();
    const { secret, digest } = newToken();
    const userCode = newUserCode();
    await insertDeviceCode(this.#database.db, {
      digest,
      userCodeDigest: sha256Hex(userCode),
      client: client.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 100),
      address: visitor.address.slice(0, 64),
      expiresAt: now + LIFE_MS,
      now,
    });
    return {
      deviceCode: secret,
      userCode,
      expiresInSeconds: LIFE_MS / 1000,
      intervalSeconds: INTERVAL_MS / 1000,
    };
  }

  /** What has become of it. The credential is given once. */
  async poll(visitor: Visitor, deviceCode: string): Promise<Poll> {
    const { db } = this.#database;
    const now = this.#clock.now();
    const digest = presentedDigest(deviceCode);
    const waiting = digest === undefined ? undefined : await findDeviceCode(db, digest, now);
    if (digest === undefined || waiting === undefined) return { state: 'expired_token' };
    if (!(await notePoll(db, digest, now, INTERVAL_MS))) return { state: 'slow_down' };
    if (waiting.state === 'pending') return { state: 'authorization_pending' };
    const person = waiting.userId === null ? undefined : await this.#people.byId(waiting.userId);
    if (waiting.state === 'denied' || person?.state !== 'active') {
      await takeDeviceCode(db, digest);
      return { state: 'access_denied' };
    }
    try {
      return await this.#begin(visitor, waiting, person);
    } catch (error) {
      const state = error instanceof ChatelaineError ? REFUSALS[error.code] : undefined;
      if (state === undefined) throw error;
      return { state };
    }
  }

  /** The session that was approved. Throws one of `REFUSALS` when that does not hold any more. */
  async #begin(visitor: Visitor, waiting: WaitingProgram, person: Person): Promise<Poll> {
    const { sessionId, digest, amr, authTime, client } = waiting;
    const event = { type: 'sign-in.program', action: 'sign-in', person };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      const { session, token } = await this.#sessions.begin(
        { userId: person.id, kind: 'cli', stage: 'active', amr, authTime, address: visitor.address, device: client },
        async (trx) => {
          // The row is the gate: of two polls at once one gets the credential.
          if (!(await takeDeviceCode(trx, digest))) {
            throw signInError('DEVICE_CODE_UNKNOWN', 'the code was used, or taken back');
          }
          // What was given in a session ends with it, or whoever is signed out comes in again by a program.
          if (sessionId === null || !(await this.#sessions.goesOn(trx, sessionId))) {
            throw signInError('SESSION_REQUIRED', 'the session in which it was approved has ended');
          }
        },
      );
      notes.details['session'] = session.id;
      return { state: 'approved', credential: cliCredential(reveal(token)), expiresAt: session.expiresAt };
    });
  }

  /** The program that waits under a code, to be shown before it is let in. Throws as `decide` does. */
  async look(visitor: Visitor, live: LiveSession, typed: string): Promise<WaitingProgram> {
    try {
      return await this.#find(live, typed);
    } catch (error) {
      const { person, session } = live;
      const event = { type: 'program.sought', action: 'decide', person, session };
      if (error instanceof ChatelaineError) await this.#attempts.refused(visitor, event, error);
      throw error;
    }
  }

  async #find(live: LiveSession, typed: string): Promise<WaitingProgram> {
    if (live.stage !== 'active') throw signInError('SESSION_REQUIRED', 'the sign-in is not complete');
    const attempts = await this.#throttle.take([{ budget: USER_CODE_BUDGET, of: live.person.id }]);
    const waiting = await findUserCode(this.#database.db, userCodeDigest(typed), this.#clock.now());
    if (waiting === undefined) throw signInError('DEVICE_CODE_UNKNOWN', 'no program waits under this code');
    await this.#throttle.succeeded(attempts);
    return waiting;
  }

  /**
   * Lets the program in as the person, or sends it away. Throws `DEVICE_CODE_UNKNOWN`, `STEP_UP_REQUIRED`
   * when the last proof is old: a session found open must not become one that can be carried off.
   */
  async decide(visitor: Visitor, live: LiveSession, typed: string, approve: boolean): Promise<void> {
    const { person, session } = live;
    const event = { type: approve ? 'program.approved' : 'program.denied', action: 'decide', person, session };
    await this.#attempts.recorded(visitor, event, async (notes) => {
      const waiting = await this.#find(live, typed);
      notes.details['client'] = waiting.client;
      const now = this.#clock.now();
      const recent = { proofMs: Math.min(APPROVAL_MS, this.#lifetimes.proofMs) };
      if (approve && !isRecentProof(session.authTime, now, recent)) {
        throw stepUpRequired('to let a program in takes a proof of who you are', recent);
      }
      const decision = approve
        ? {
            state: 'approved' as const,
            userId: person.id,
            sessionId: session.id,
            amr: session.amr,
            authTime: session.authTime,
          }
        : { state: 'denied' as const };
      await notes.intend();
      if (!(await decideUserCode(this.#database.db, userCodeDigest(typed), decision, now))) {
        throw signInError('DEVICE_CODE_UNKNOWN', 'somebody has decided about this code already');
      }
    });
  }
}

function newUserCode(): string {
  const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** As people type it: in any case, with or without the hyphen. */
function userCodeDigest(typed: string): string {
  const letters = typed
    .slice(0, 40)
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, '');
  return sha256Hex(`${letters.slice(0, 4)}-${letters.slice(4)}`);
}
