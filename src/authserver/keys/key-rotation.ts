import { formatDuration } from '#kernel';
import type { Author, ChangeFrame } from '#identity';
import { EVERYWHERE } from '#contract';
import type { Envelope } from '#vault';
import {
  dropSigningKey,
  findPrepared,
  findSigningKey,
  listSigningKeys,
  retireSigningKey,
  setSigner,
} from '../store/signing-keys-store.ts';
import { DEFAULT_ALGORITHM, type SigningAlgorithm } from './algorithm.ts';
import { signingKeyError } from './errors.ts';
import { keepPrepared, KEY_SCOPE } from './generate-once.ts';
import { makeSigner } from './key-material.ts';
import { KEY_TIMES, nextStep, readyAt, type DueStep, type KeyTimes, type SigningKey } from './lifecycle.ts';
import { recordedStep } from './recorded-step.ts';

export interface KeyStatus {
  /** With those that are gone, the oldest first. */
  readonly keys: readonly SigningKey[];
  readonly times: KeyTimes;
  /** Undefined where the configuration gives the keys: then it is the configuration that is changed. */
  readonly next: DueStep | undefined;
}

export interface KeyRotationParts {
  readonly frame: ChangeFrame;
  readonly envelope: Envelope;
  readonly times?: KeyTimes;
  /** The configuration gives the keys. */
  readonly configured?: boolean;
}

/**
 * The steps that put a new signing key in the place of the old one, for administrators: permitted, on record,
 * and known to every process within a second. What a step finds is read in the transaction that changes it, so
 * of two administrators at once one is refused.
 */
export class KeyRotation {
  readonly #frame: ChangeFrame;
  readonly #envelope: Envelope;
  readonly #times: KeyTimes;
  readonly #configured: boolean;

  constructor(parts: KeyRotationParts) {
    this.#frame = parts.frame;
    this.#envelope = parts.envelope;
    this.#times = parts.times ?? KEY_TIMES;
    this.#configured = parts.configured === true;
  }

  /** Throws as `ChangeFrame.check` does. */
  async status(by: Author): Promise<KeyStatus> {
    this.#frame.check(by, 'signing-key.read', { namespace: EVERYWHERE });
    const keys = (await listSigningKeys(this.#frame.database.db)).map(({ key }) => key);
    const next = this.#configured ? undefined : nextStep(keys, this.#frame.clock.now(), this.#times);
    return { keys, times: this.#times, next };
  }

  /**
   * Makes the next key and publishes it. It signs nothing yet. Throws `SIGNING_KEY_PREPARED`,
   * `SIGNING_KEYS_CONFIGURED`, and as `ChangeFrame.check` does.
   */
  async prepare(by: Author, algorithm: SigningAlgorithm = DEFAULT_ALGORITHM): Promise<SigningKey> {
    this.#check(by);
    const made = await makeSigner(algorithm);
    return await this.#frame.recorded(by, recordedStep('signing-key.prepared', 'prepare', made.kid), async () => {
      this.#refuseConfigured();
      const key = await this.#envelope.writing(KEY_SCOPE, async (trx, sealing) => {
        this.#check(by);
        const waiting = await findPrepared(trx);
        if (waiting !== undefined) throw signingKeyError('SIGNING_KEY_PREPARED', `\`${waiting.kid}\` is prepared`);
        await keepPrepared(trx, sealing, made, this.#frame.clock.now());
        return (await findSigningKey(trx, made.kid)) as SigningKey;
      });
      return { value: key, objectId: key.kid, details: { algorithm } };
    });
  }

  /**
   * Lets a key sign: the one that is prepared, or the one of that name, which may have signed before. The one
   * that signed until now stays active and could again.
   *
   * `now` does it although others may hold a key set without it: what it signs they refuse until they look
   * again. Throws `SIGNING_KEY_TOO_FRESH` without it, `SIGNING_KEY_NOT_PREPARED`, `SIGNING_KEY_UNKNOWN`, and as
   * `prepare` does.
   */
  async activate(
    by: Author,
    request: { readonly kid?: string | undefined; readonly now?: boolean } = {},
  ): Promise<SigningKey> {
    const object = recordedStep('signing-key.activated', 'activate', request.kid ?? 'prepared');
    return await this.#frame.inTransaction(by, object, async (trx) => {
      this.#check(by);
      this.#refuseConfigured();
      const key = request.kid === undefined ? await findPrepared(trx) : await findSigningKey(trx, request.kid);
      if (key === undefined && request.kid !== undefined) throw unknownKey(request.kid);
      if (key === undefined || (key.state !== 'prepared' && key.state !== 'active')) {
        throw signingKeyError(
          'SIGNING_KEY_NOT_PREPARED',
          key === undefined ? 'no key is prepared' : `\`${key.kid}\` is ${key.state}`,
        );
      }
      const moment = this.#frame.clock.now();
      const early = key.state === 'prepared' ? Math.max(0, readyAt(key, this.#times) - moment) : 0;
      if (early > 0 && request.now !== true) {
        throw signingKeyError(
          'SIGNING_KEY_TOO_FRESH',
          `\`${key.kid}\` can be activated in ${formatDuration(early)}: others hold a copy of the key set for ${formatDuration(this.#times.cacheMs)}`,
          { details: { retryAfterSeconds: Math.ceil(early / 1000) } },
        );
      }
      if (!key.signs) await setSigner(trx, key.kid, moment);
      const activated = (await findSigningKey(trx, key.kid)) as SigningKey;
      return {
        value: activated,
        objectId: key.kid,
        details: {
          algorithm: key.algorithm,
          changed: !key.signs,
          ...(early > 0 && { beforeCachesHaveIt: true, earlyMs: early }),
        },
      };
    });
  }

  /**
   * Takes from a key what it signs with; what it signed counts until it expires. Without a name it is every
   * key that signed before the present one. `now` takes it out of what is published as well: all that it
   * signed is refused within a second of ours, and elsewhere when copies of the key set are replaced. For a
   * key that somebody else has.
   *
   * Throws `SIGNING_KEY_IN_USE`, `SIGNING_KEY_UNKNOWN`, and as `ChangeFrame.check` does.
   */
  async retire(
    by: Author,
    request: { readonly kid?: string | undefined; readonly now?: boolean } = {},
  ): Promise<readonly SigningKey[]> {
    const drop = request.now === true;
    const object = recordedStep(
      drop ? 'signing-key.dropped' : 'signing-key.retired',
      'retire',
      request.kid ?? 'former',
    );
    return await this.#frame.inTransaction(by, object, async (trx) => {
      this.#check(by);
      const keys = (await listSigningKeys(trx)).map(({ key }) => key);
      const meant = this.#meant(keys, request.kid);
      const moment = this.#frame.clock.now();
      for (const { kid } of meant) await (drop ? dropSigningKey(trx, kid, moment) : retireSigningKey(trx, kid, moment));
      const retired = (await listSigningKeys(trx)).flatMap(({ key }) =>
        meant.some(({ kid }) => kid === key.kid) ? [key] : [],
      );
      return {
        value: retired,
        ...(meant[0] !== undefined && { objectId: meant[0].kid }),
        details: { keys: meant.map(({ kid }) => kid), atOnce: drop },
        ends: meant.map(({ kid, stoppedAt, activatedAt }) => ({
          what: drop ? ('signing-key.dropped' as const) : ('signing-key.retired' as const),
          id: kid,
          holdsFrom: activatedAt === null ? moment : (stoppedAt ?? moment),
        })),
      };
    });
  }

  #meant(keys: readonly SigningKey[], kid: string | undefined): readonly SigningKey[] {
    const signing = keys.find(({ signs }) => signs);
    if (kid === undefined) {
      const former = keys.filter(({ state, signs }) => state === 'active' && (!signs || this.#configured));
      if (former.length > 0) return former;
      const message = signing === undefined ? 'no key signs yet' : `\`${signing.kid}\` signs, and there is no other`;
      throw signingKeyError('SIGNING_KEY_IN_USE', message);
    }
    const key = keys.find((one) => one.kid === kid);
    if (key === undefined) throw unknownKey(kid);
    // While the configuration gives the keys, none of these signs.
    if (key.signs && !this.#configured) throw signingKeyError('SIGNING_KEY_IN_USE', `\`${kid}\` signs`);
    return [key];
  }

  #check(by: Author): void {
    this.#frame.check(by, 'signing-key.rotate', { namespace: EVERYWHERE });
  }

  #refuseConfigured(): void {
    if (this.#configured) throw signingKeyError('SIGNING_KEYS_CONFIGURED', 'the configuration gives the signing keys');
  }
}

const unknownKey = (kid: string): Error =>
  signingKeyError('SIGNING_KEY_UNKNOWN', `there is no signing key \`${kid.slice(0, 64)}\``);
