import { reveal, type Secret } from '#kernel';
import { secretParts, type SentSecrets } from '#outgoing-auth';
import { Echo } from '#toolbox';

/** Values that are looked for: tokens are renewed, and an answer may repeat the one before. */
const MOST = 16;

/**
 * What was sent to a server in confidence, to be taken out of what it says: a server that repeats its requests, in an
 * error or a debug tool, must not give whoever called the credential (OWASP MCP01).
 */
export class Sent {
  readonly #values = new Map<string, Secret>();
  #echo: Echo | undefined;

  add(fields: SentSecrets): void {
    for (const value of Object.values(fields)) {
      const text = reveal(value);
      if (this.#values.has(text)) continue;
      if (this.#values.size >= MOST) this.#values.delete(this.#values.keys().next().value as string);
      this.#values.set(text, value);
      this.#echo = undefined;
    }
  }

  /** A message without it. */
  without(message: Buffer): Buffer {
    if (this.#values.size === 0) return message;
    this.#echo ??= new Echo([...this.#values.values()].flatMap(secretParts));
    return this.#echo.without(message);
  }
}
