import { BoundedCache, type Logger } from '#kernel';
import { UNREPRESENTABLE, type Told } from '../facts/values.ts';
import { FollowedFile } from './followed-file.ts';

const KEPT = 10_000;

/** One fact of addresses, by one file, remembered for those that call often. */
export class PlaceFacts<Value extends string | number> {
  readonly #file: FollowedFile;
  readonly #read: (facts: Readonly<Record<string, unknown>>) => Value | undefined;
  /** Those of which something is known: that there is nothing is soon found again. */
  readonly #known = new BoundedCache<string, Value>(KEPT);

  constructor(options: {
    readonly path: string;
    readonly read: (facts: Readonly<Record<string, unknown>>) => Value | undefined;
    readonly log: Logger;
  }) {
    const { path, read, log } = options;
    this.#read = read;
    this.#file = new FollowedFile(path, { log, changed: () => this.#known.clear() });
  }

  loading(): Promise<void> | undefined {
    return this.#file.opened ? undefined : this.#file.open();
  }

  /** Nothing of what the file leaves out, such as private networks. */
  of(address: string): Told<Value> {
    const database = this.#file.current;
    if (database === undefined) return UNREPRESENTABLE;
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    let told: Told<Value>;
    try {
      const facts = database.factsOf(address);
      told = facts && this.#read(facts);
    } catch {
      return UNREPRESENTABLE;
    }
    if (told !== undefined) this.#known.set(address, told);
    return told;
  }

  look(): Promise<void> {
    return this.#file.look();
  }

  close(): void {
    this.#file.close();
  }
}
