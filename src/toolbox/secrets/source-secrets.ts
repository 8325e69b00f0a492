import { newId, Secret, type Clock } from '#kernel';
import {
  formatSecretReference,
  type HeldSecret,
  type SecretHolder,
  type SecretMaterial,
  type SecretReader,
  type SecretReference,
  type SecretValue,
} from '#contract';
import { toolboxError } from '../errors.ts';
import { textOf } from './material-text.ts';

/**
 * How long a secret is used without asking for it again: the time until a rotation, a disablement or a
 * deletion is noticed by the next call. An expiry is noticed at once.
 */
export const BELIEVED_MS = 1000;

interface Known {
  readonly from: number;
  until: number;
  readonly held: Promise<HeldSecret>;
}

/** The secrets of one source, followed at the moment of use. */
export class SourceSecrets {
  readonly #reader: SecretReader | undefined;
  readonly #name: string;
  readonly #holder: SecretHolder;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  /** Without a reader there is no vault, and every reference fails when it is used. */
  constructor(
    reader: SecretReader | undefined,
    source: { readonly namespace: string; readonly name: string },
    clock: Clock,
  ) {
    this.#reader = reader;
    this.#name = source.name;
    this.#holder = { namespace: source.namespace, by: `source ${source.name}`, connection: newId(clock.now()) };
    this.#clock = clock;
  }

  /**
   * What a reference leads to now, read at most `BELIEVED_MS` ago; one reading for all who ask at the
   * same time. Rejects with `SECRET_UNAVAILABLE`, naming the reference; the next call tries again.
   */
  held(reference: SecretReference): Promise<HeldSecret> {
    const key = formatSecretReference(reference);
    const now = this.#clock.now();
    const known = this.#known.get(key);
    // A clock that was set back must not prolong what is believed.
    if (known !== undefined && now >= known.from && now < known.until) return known.held;
    const held = this.#read(reference);
    const entry: Known = { from: now, until: now + BELIEVED_MS, held };
    this.#known.set(key, entry);
    held.then(
      ({ endsAt }) => (entry.until = Math.min(entry.until, endsAt ?? Infinity)),
      () => this.#known.get(key) === entry && this.#known.delete(key),
    );
    return held;
  }

  /** The text of a value: itself, or the one that the secret it names holds. Rejects as `held` does. */
  async text(value: SecretValue, pick: (material: SecretMaterial) => Secret | undefined = textOf): Promise<Secret> {
    if (value instanceof Secret) return value;
    const { material } = await this.held(value);
    const text = pick(material);
    if (text !== undefined) return text;
    throw this.unfit(value, `is of the kind \`${material.kind}\`, which cannot stand here`);
  }

  /**
   * Tells a connection of now from those of before: it gives another text when a reference leads to
   * another version. Undefined where nothing is referred to, so that others pay nothing for it.
   */
  stamp(values: readonly (SecretValue | undefined)[]): (() => Promise<string>) | undefined {
    const references = values.filter(
      (value): value is SecretReference => value !== undefined && !(value instanceof Secret),
    );
    if (references.length === 0) return undefined;
    return async () => {
      const held = await Promise.all(references.map((reference) => this.held(reference)));
      return held.map(({ version }) => version).join(' ');
    };
  }

  /** `SECRET_UNAVAILABLE` for a secret that is there and of no use here. */
  unfit(reference: SecretReference, why: string, cause?: unknown): Error {
    const secret = formatSecretReference(reference);
    const message = `\`${secret}\`, which the source \`${this.#name}\` needs, ${why}`;
    return toolboxError('SECRET_UNAVAILABLE', message, { cause, details: { secret } });
  }

  async #read(reference: SecretReference): Promise<HeldSecret> {
    if (this.#reader === undefined) throw this.unfit(reference, 'cannot be read: no vault is open');
    try {
      return await this.#reader.read(reference, this.#holder);
    } catch (cause) {
      throw this.unfit(reference, reasonOf(cause), cause);
    }
  }
}

/** Why, by the code alone: words of the vault about its keys are for its operator. */
function reasonOf(cause: unknown): string {
  const code = (cause as { readonly code?: unknown }).code;
  switch (code) {
    case 'SECRET_UNKNOWN':
      return 'is not in the vault, or not for this source';
    case 'SECRET_DISABLED':
      return 'is disabled';
    case 'SECRET_EXPIRED':
      return 'has ended';
    default:
      return `cannot be read now${typeof code === 'string' ? ` (${code})` : ''}`;
  }
}
