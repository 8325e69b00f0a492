import { inspect } from 'node:util';

const REDACTED = '[secret]';

/**
 * A value that does not print: string conversion, JSON, `console.log` and loggers all give `[secret]`.
 * The one way to the value is `reveal`, so every use can be found by searching for it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  static reveal(secret: Secret): string {
    return secret.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/** The value behind a secret; call it where the value is handed over, never earlier. */
export const reveal = (secret: Secret): string => Secret.reveal(secret);
