import type { Head } from '../chain/chain.ts';
import { readCheckpoint } from '../checkpoint/checkpoint.ts';
import { signedRemovals } from '../retention/removals.ts';
import type { AuditStore, LogEntry } from '../store/store.ts';

/**
 * A whole log as one stream: before each checkpoint the records that it covers, chain by chain in its
 * order, and at the end those that none covers yet. In this order a verifier needs memory for the
 * chains alone, however long the log; it is the order of an export, too.
 */
export type LogItem =
  | { readonly kind: 'record'; readonly writer: string; readonly hash: string; readonly canonical: string }
  /** The chain begins after this record: those up to it were removed, as a checkpoint that follows must say. */
  | { readonly kind: 'removed'; readonly writer: string; readonly head: Head }
  | { readonly kind: 'fault'; readonly writer: string; readonly message: string }
  | { readonly kind: 'checkpoint'; readonly line: string };

/** The log of a store. Checkpoints that are made meanwhile are left out. */
export async function* logStream(store: AuditStore): AsyncGenerator<readonly LogItem[]> {
  const chains = new Map<string, Chain>();
  const removals = await signedRemovals(store);
  for (const [writer, head] of removals) yield [{ kind: 'removed', writer, head }];
  const chainOf = (id: string): Chain => {
    const chain = chains.get(id) ?? new Chain(store, id, removals.get(id)?.seq ?? 0);
    chains.set(id, chain);
    return chain;
  };
  for await (const line of store.checkpoints()) {
    // An unreadable one covers nothing that can be told; what it covered comes before the next.
    for (const { id, count } of readCheckpoint(line)?.body.writers ?? []) yield* chainOf(id).upTo(count);
    yield [{ kind: 'checkpoint', line }];
  }
  for (const { id } of await store.writers()) yield* chainOf(id).upTo(Infinity);
}

/** One chain, read as far as it is needed. */
class Chain {
  readonly #id: string;
  readonly #groups: AsyncIterator<readonly LogEntry[]>;
  #group: readonly LogEntry[] = [];
  #at = 0;
  #given: number;

  constructor(store: AuditStore, id: string, after: number) {
    this.#id = id;
    this.#given = after;
    this.#groups = store.read(id, after)[Symbol.asyncIterator]();
  }

  /** What lies between the last call's place and the one given, counted as it lies. */
  async *upTo(count: number): AsyncGenerator<readonly LogItem[]> {
    while (this.#given < count) {
      if (this.#at === this.#group.length && !(await this.#next())) return;
      const items = this.#group.slice(this.#at, this.#at + count - this.#given);
      this.#at += items.length;
      this.#given += items.length;
      yield items.map((entry) => ({ ...entry, writer: this.#id }));
    }
  }

  async #next(): Promise<boolean> {
    const next = await this.#groups.next();
    if (next.done === true) return false;
    this.#group = next.value;
    this.#at = 0;
    return true;
  }
}
