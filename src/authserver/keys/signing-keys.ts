import type { AuditOrigin } from '#contract';
import { ChangeWatch, SYSTEM, type ChangeFrame } from '#identity';
import type { Logger } from '#kernel';
import type { Envelope } from '#vault';
import { dropSigningKey, listSigningKeys, privateKeyPlace } from '../store/signing-keys-store.ts';
import { generateOnce, type GenerateParts } from './generate-once.ts';
import { parseSigner, verifierOf, type PublicJwk, type Signer, type Verifier } from './key-material.ts';
import { recordedStep } from './recorded-step.ts';
import { isPublished, KEY_TIMES, spentAt, type KeyTimes, type SigningKey } from './lifecycle.ts';

/**
 * The keys as of one moment. The same object for as long as nothing changed: who builds something from it
 * builds anew when it gets another one.
 */
export interface KeySet {
  /** What new tokens are signed with. */
  readonly signer: Signer;
  /** What tokens that are presented are verified with, the signer's first. */
  readonly verifiers: readonly Verifier[];
  /** The JWK Set that is published (RFC 7517 §5). */
  readonly jwks: { readonly keys: readonly PublicJwk[] };
}

export interface SigningKeysParts {
  readonly frame: ChangeFrame;
  readonly envelope: Envelope;
  readonly log: Logger;
  readonly times?: KeyTimes;
  /** The keys of the configuration, where it gives any: asked for when first needed. */
  readonly configured?: () => Promise<readonly Signer[]>;
}

/** A list that cannot be written is not tried again with every request. */
const SWEEP_EVERY_MS = 60_000;

const OF_SYSTEM: AuditOrigin = { door: 'system', actor: SYSTEM };

/**
 * The keys that tokens are signed and verified with, as every process has them: read again when something
 * about them changed, here at once and elsewhere within a second; while that cannot be said, they are read
 * each time, and a database that does not answer lets nobody sign.
 */
export class SigningKeys {
  readonly #frame: ChangeFrame;
  readonly #envelope: Envelope;
  readonly #log: Logger;
  readonly #times: KeyTimes;
  readonly #configured: (() => Promise<readonly Signer[]>) | undefined;
  readonly #watch: ChangeWatch;
  #known: Loaded | undefined;
  #loading: Promise<Loaded> | undefined;
  #ofConfiguration: Promise<readonly Signer[]> | undefined;
  #generation = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** The set that was given last, so that an equal one is the same object. */
  #last: KeySet | undefined;

  constructor(parts: SigningKeysParts) {
    this.#frame = parts.frame;
    this.#envelope = parts.envelope;
    this.#log = parts.log;
    this.#times = parts.times ?? KEY_TIMES;
    this.#configured = parts.configured;
    this.#watch = new ChangeWatch(parts.frame.database.changes, () => this.forget());
    parts.frame.changes.onChange(() => this.forget());
  }

  /**
   * The keys of now. Makes the first one, where there is none; of many processes that begin at once, one
   * does. Throws as the database, the vault and the audit log do, and `SIGNING_KEY_REFUSED` for a key of the
   * configuration that cannot be used.
   */
  async current(): Promise<KeySet> {
    const now = this.#frame.clock.now();
    this.#watch.look(now);
    const known = this.#known;
    if (known !== undefined && now < known.until) return known.set;
    this.#loading ??= this.#load(this.#generation).finally(() => (this.#loading = undefined));
    return (await this.#loading).set;
  }

  /** What signs new tokens. */
  async signer(): Promise<Signer> {
    return (await this.current()).signer;
  }

  /** The key that a token says it was signed with; undefined for none of ours, and for one that is gone. */
  async verifier(kid: string): Promise<Verifier | undefined> {
    return (await this.current()).verifiers.find((one) => one.kid === kid);
  }

  /** The JWK Set that is published. */
  async jwks(): Promise<KeySet['jwks']> {
    return (await this.current()).jwks;
  }

  /** Forgets what it holds; what is being read is not kept when it arrives. */
  forget(): void {
    this.#generation++;
    this.#known = undefined;
    this.#loading = undefined;
  }

  async #load(generation: number): Promise<Loaded> {
    const { db } = this.#frame.database;
    const configured = await this.#readConfigured();
    if (configured.length === 0) await generateOnce(this.#generating());
    const stored = await listSigningKeys(db);
    const now = this.#frame.clock.now();
    const published = stored.filter(({ key }) => isPublished(key, now, this.#times));
    // Prepared keys of the database are the next signers of nobody while the configuration gives them.
    const own = published.filter(({ key }) => configured.length === 0 || key.state !== 'prepared');
    const signing = own.find(({ key }) => key.signs);
    const signer = configured[0] ?? (await this.#open(signing));
    const others = [...configured.slice(1), ...own.map(({ key }) => verifierOf(key.jwk))];
    const set = keySetOf(signer, others);
    const ends = own.flatMap(({ key }) => (key.state === 'retired' ? (spentAt(key, this.#times) ?? []) : []));
    const loaded: Loaded = { set: this.#same(set), until: Math.min(...ends, Number.POSITIVE_INFINITY) };
    if (generation === this.#generation) this.#known = loaded;
    await this.#sweep(
      stored.map(({ key }) => key).filter((key) => key.state === 'retired' && !own.some((one) => one.key === key)),
    );
    return loaded;
  }

  /** Of two equal sets the one that is known already, so that nothing is built anew from it. */
  #same(set: KeySet): KeySet {
    const before = this.#last;
    if (before !== undefined && JSON.stringify(before.jwks) === JSON.stringify(set.jwks)) return before;
    this.#last = set;
    return set;
  }

  /** Tried again after a failure: a file may have been put right. */
  #readConfigured(): Promise<readonly Signer[]> {
    if (this.#configured === undefined) return Promise.resolve([]);
    this.#ofConfiguration ??= this.#configured().catch((error: unknown) => {
      this.#ofConfiguration = undefined;
      throw error;
    });
    return this.#ofConfiguration;
  }

  async #open(stored: { readonly key: SigningKey; readonly sealed: string | undefined } | undefined): Promise<Signer> {
    if (stored?.sealed === undefined) throw new Error('there is no key that signs');
    const { kid, algorithm } = stored.key;
    const known = this.#last?.signer;
    if (known?.kid === kid) return known;
    const opened = parseSigner(await this.#envelope.open(privateKeyPlace(kid), stored.sealed), algorithm);
    // The public part lies in the clear beside it: whoever writes there must not have us publish their key.
    if (!opened.ok || opened.value.kid !== kid) throw new Error('the key that signs is not the one that it is called');
    return opened.value;
  }

  /** Writes down that keys are gone which nobody needs any more. They are published no more, whether it succeeds or not. */
  async #sweep(spent: readonly SigningKey[]): Promise<void> {
    const now = this.#frame.clock.now();
    if (spent.length === 0 || Math.abs(now - this.#sweptAt) < SWEEP_EVERY_MS) return;
    this.#sweptAt = now;
    for (const { kid } of spent) {
      try {
        await this.#frame.inTransaction(
          { origin: OF_SYSTEM },
          recordedStep('signing-key.dropped', 'drop', kid),
          async (trx) => {
            const dropped = await dropSigningKey(trx, kid, this.#frame.clock.now());
            return { value: dropped, objectId: kid, details: { changed: dropped } };
          },
        );
      } catch (error) {
        this.#log.warn(
          { event: 'signing-key.not-dropped', kid, err: error },
          'an expired signing key is still on the list',
        );
      }
    }
  }

  #generating(): GenerateParts {
    return { frame: this.#frame, envelope: this.#envelope, origin: OF_SYSTEM };
  }
}

interface Loaded {
  readonly set: KeySet;
  /** When what is published changes by itself. */
  readonly until: number;
}

function keySetOf(signer: Signer, others: readonly Verifier[]): KeySet {
  const { privateKey: _private, ...own } = signer;
  const verifiers = [own, ...others.filter(({ kid }) => kid !== signer.kid)];
  return Object.freeze({ signer, verifiers, jwks: { keys: verifiers.map(({ jwk }) => jwk) } });
}
