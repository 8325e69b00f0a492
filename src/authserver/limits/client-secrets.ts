import type { IncomingHttpHeaders } from 'node:http';
import { BoundedCache, sha256Hex, type Clock, type Logger } from '#kernel';
import type { Database } from '#db';
import { addressBlock, type Attempt, type Throttle } from '#identity';
import { hashSecret } from '../clients/client.ts';
import { notePlace, placeSeenAt } from '../store/known-places-store.ts';
import { SECRET_BUDGET, SECRET_HERE_BUDGET, SECRET_KNOWN_BUDGET, SECRETS_BUDGET } from './budgets.ts';

/** Who a request says that it is, and the digest of the secret by which it would show it. */
export interface PresentedSecret {
  readonly clientId: string;
  readonly secretHash: string;
}

/** What became of a secret: it was the client's, it was not, or nobody came to look at it. */
export type Verdict = 'right' | 'wrong' | 'unjudged';

/** A secret whose judgement was counted before. */
export interface SecretAttempt {
  readonly taken: readonly Attempt[];
  readonly presented: PresentedSecret;
  readonly place: string;
}

const DAY = 86_400_000;
/** How long an address is known without a use, how often a use is written down, and how long it is remembered here. */
const KNOWN_MS = 90 * DAY;
const NOTED_EVERY_MS = DAY / 24;
const REMEMBERED_MS = 600_000;

/**
 * Counts guesses at the secrets of clients before they are judged: of one client from one address, from all, and of
 * one address at many clients. A client that is not there is counted as one that is, or the count would tell.
 *
 * Whoever fails in a client's name must not lock the client out: from an address where it has proved itself, it
 * has a count of its own. What was right a moment ago is not counted again, so that a client at work costs the
 * database nothing.
 */
export class ClientSecrets {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #throttle: Throttle;
  readonly #log: Logger;
  readonly #right = new BoundedCache<string, { readonly secretHash: string; readonly at: number }>(10_000);

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly throttle: Throttle;
    readonly log: Logger;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#throttle = parts.throttle;
    this.#log = parts.log;
  }

  /** Throws as `Throttle.take`. Undefined for a secret that was right here a moment ago. */
  async take(presented: PresentedSecret, address: string | undefined): Promise<SecretAttempt | undefined> {
    const block = address === undefined ? 'nowhere' : addressBlock(address);
    const whose = sha256Hex(presented.clientId);
    const place = sha256Hex(`${whose} ${block}`);
    const now = this.#clock.now();
    const right = this.#right.get(place);
    if (right?.secretHash === presented.secretHash && Math.abs(now - right.at) < REMEMBERED_MS) return undefined;
    const known = await placeSeenAt(this.#database.db, place, now - KNOWN_MS);
    const taken = await this.#throttle.take(
      known === undefined
        ? [
            { budget: SECRETS_BUDGET, of: block },
            { budget: SECRET_HERE_BUDGET, of: place },
            { budget: SECRET_BUDGET, of: whose },
          ]
        : [{ budget: SECRET_KNOWN_BUDGET, of: place }],
    );
    return { taken, presented, place };
  }

  /** What became of it. Gives whether this attempt shut the door: once for every time that it is shut. */
  async settle({ taken, presented, place }: SecretAttempt, verdict: Verdict): Promise<boolean> {
    if (verdict === 'unjudged') await this.#throttle.giveBack(taken);
    if (verdict === 'right') await this.#proved(taken, presented, place);
    if (verdict !== 'wrong') return false;
    const now = this.#clock.now();
    const isShut = taken.some(({ budget, openAt }) => openAt > now && openAt - now <= budget.firstWaitMs);
    if (isShut)
      this.#log.warn(
        { event: 'oauth.secret.guessed', clientId: presented.clientId.slice(0, 256) },
        'somebody guesses the secret of a client; where it never was, it has to wait as well',
      );
    return isShut;
  }

  async #proved(taken: readonly Attempt[], { secretHash }: PresentedSecret, place: string): Promise<void> {
    const now = this.#clock.now();
    for (const attempt of taken) {
      const isItsOwn = attempt.budget === SECRET_HERE_BUDGET || attempt.budget === SECRET_KNOWN_BUDGET;
      // What others share is only given back, or one good secret would refill the guesses at all others.
      if (isItsOwn) await this.#throttle.succeeded([attempt]);
      else await this.#throttle.giveBack([attempt]);
    }
    this.#right.set(place, { secretHash, at: now });
    const since = now - KNOWN_MS;
    const seen = await placeSeenAt(this.#database.db, place, now - NOTED_EVERY_MS);
    if (seen === undefined) await notePlace(this.#database.db, place, { now, since });
  }
}

/** The secret that a request brings, read as the provider reads it (RFC 6749 §2.3.1); undefined where it brings none. */
export function presentedSecret(
  { authorization }: IncomingHttpHeaders,
  parameters: URLSearchParams,
): PresentedSecret | undefined {
  const inBody = parameters.get('client_secret');
  if (inBody !== null && inBody !== '')
    return { clientId: parameters.get('client_id') ?? '', secretHash: hashSecret(inBody) };
  const basic = /^basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) return undefined;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  try {
    const decoded = (part: string): string => decodeURIComponent(part.replaceAll('+', '%20'));
    return { clientId: decoded(text.slice(0, colon)), secretHash: hashSecret(decoded(text.slice(colon + 1))) };
  } catch {
    return undefined;
  }
}
