import { equalBytes } from '#kernel';
import { vaultError } from '../errors.ts';
import type { KeyWrapper } from './key-wrapper.ts';

/** A data key as it lies in the database. */
export interface WrappedKey {
  readonly wrapped: string;
  readonly wrapper: string;
  readonly version: string;
}

/** The wrapper in use, and those that still open what they wrapped before it. */
export class Keyring {
  readonly #current: KeyWrapper;
  readonly #all: ReadonlyMap<string, KeyWrapper>;

  constructor(current: KeyWrapper, previous: readonly KeyWrapper[]) {
    this.#current = current;
    this.#all = new Map([...previous, current].map((wrapper) => [wrapper.id, wrapper]));
  }

  get currentId(): string {
    return this.#current.id;
  }

  has(id: string): boolean {
    return this.#all.has(id);
  }

  /**
   * Wraps with the current wrapper, and opens what it gave before anybody relies on it: a service
   * that answers nonsense must not cost a key. Throws as the wrapper does.
   */
  async wrap(dataKey: Uint8Array, context: string): Promise<WrappedKey> {
    const { wrapped, version } = await this.#current.wrap(dataKey, context);
    const opened = await this.#current.unwrap(wrapped, context);
    const same = equalBytes(opened, dataKey);
    opened.fill(0);
    if (!same) throw vaultError('KEY_UNWRAP_FAILED', `\`${this.#current.id}\` does not give back what it wrapped`);
    return { wrapped, wrapper: this.#current.id, version };
  }

  /** The bytes of a data key. Throws `KEY_WRAPPER_MISSING`, and as the wrapper does. */
  async unwrap(key: WrappedKey, context: string): Promise<Buffer> {
    const wrapper = this.#all.get(key.wrapper);
    if (wrapper === undefined) {
      throw vaultError('KEY_WRAPPER_MISSING', `a data key is wrapped by \`${key.wrapper}\`, which is not configured`);
    }
    return await wrapper.unwrap(key.wrapped, context);
  }
}
