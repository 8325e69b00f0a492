/** In place of a chain's id, where the checkpoints themselves are damaged. */
const CHECKPOINTS = '';

/** What is damaged of a log as far as this process has met it, and what of that is on record already. */
export class KnownDamage {
  /** By chain: as it was found when a chain was opened, and when the last checkpoint was to be made. */
  readonly #metOpening = new Map<string, string>();
  #metSigning: ReadonlyMap<string, string> = new Map();
  readonly #reported = new Set<string>();

  /** What is known now, in words; empty where nothing is. */
  get messages(): readonly string[] {
    return [...new Map([...this.#metOpening, ...this.#metSigning]).values()];
  }

  metOpening(writer: string, message: string): void {
    this.#metOpening.set(writer, message);
  }

  /** What the last checkpoint could not cover, in place of what the one before could not. */
  metSigning(damage: ReadonlyMap<string, string>): void {
    this.#metSigning = damage;
  }

  /** Hands the damage of a chain to `put` unless it is on record: once it is, it is not put there again. */
  async report(
    writer: string,
    message: string,
    put: (found: { readonly message: string; readonly writer?: string }) => Promise<unknown>,
  ): Promise<void> {
    if (this.#reported.has(writer)) return;
    await put({ message, ...(writer !== CHECKPOINTS && { writer }) });
    this.#reported.add(writer);
  }
}

/** The checkpoints themselves, as damage of a log. */
export const damagedCheckpoints = (message: string): ReadonlyMap<string, string> => new Map([[CHECKPOINTS, message]]);
