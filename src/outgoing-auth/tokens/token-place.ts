import { reveal, Secret } from '#kernel';
import type { SentSecrets } from '../outgoing-auth.ts';

/** The header that a token stands in: `Authorization`, behind `Bearer` (RFC 6750 §2.1), or another, bare. */
export class TokenPlace {
  readonly #name: string;

  constructor(name: string | undefined) {
    this.#name = (name ?? 'authorization').toLowerCase();
  }

  put(token: Secret): SentSecrets {
    return { [this.#name]: new Secret(this.#prefix + reveal(token)) };
  }

  /** The token that was sent; undefined where there was none. */
  find(sent: SentSecrets): string | undefined {
    const value = sent[this.#name];
    if (value === undefined) return undefined;
    return reveal(value).slice(this.#prefix.length);
  }

  get #prefix(): string {
    return this.#name === 'authorization' ? 'Bearer ' : '';
  }
}
