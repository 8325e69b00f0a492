import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '#db';
import { equalBytes, startRecurring, type Clock, type Logger } from '#kernel';
import { forgetReplica, listReplicas, noteReplica, type ReplicaRow } from '../../store/replicas-store.ts';

/** How often a process says that it is there, and looks who else is. */
const BEAT_MS = 5_000;
/** Who says nothing for so long has ended. */
export const SILENT_MS = 20_000;
/** Its row goes when nobody can be in doubt any more. */
const FORGOTTEN_MS = 600_000;
/** Who asks about processes that nobody knows makes no more work than this. */
const LOOK_EVERY_MS = 250;

/** A process beside this one, as this one sees it. */
interface Sibling {
  readonly address: string | undefined;
  readonly seenAt: number;
  /** When `seenAt` last changed, by our own clock: those of other hosts may be wrong. */
  readonly movedAt: number;
  readonly silent: boolean;
}

/**
 * The processes that serve this installation, in a table that each of them writes and reads every five
 * seconds. Whether one is there is told by its line moving, seen with our own clock, and by nothing else; while
 * the database is away nobody is taken for dead. A line counts with a proof alone: else whoever can
 * write to the database, and nothing more, could have credentials sent to an address of theirs.
 */
export class ReplicaDirectory {
  readonly #options: ConstructorParameters<typeof ReplicaDirectory>[0];
  readonly #known = new Map<string, Sibling>();
  readonly #warned = new Set<string>();
  readonly #ended: ((id: string) => void)[] = [];
  #readAt = 0;
  #looking: Promise<void> | undefined;
  #lookedAt = 0;
  #stop: (() => Promise<void>) | undefined;

  constructor(options: {
    readonly database: Database;
    readonly self: { readonly id: string; readonly address: string | undefined };
    /** That all processes of the installation share. */
    readonly key: Buffer;
    /** What is wrong with an address; undefined when requests may go there. */
    readonly refuseAddress: (address: string) => string | undefined;
    readonly clock: Clock;
    readonly log: Logger;
    readonly beatMs?: number;
  }) {
    this.#options = options;
  }

  /** Takes its place, and sees who is there. Rejects as the database does. */
  async join(): Promise<void> {
    await this.#beat();
    this.#stop = startRecurring(() => this.#beat(), {
      everyMs: this.#options.beatMs ?? BEAT_MS,
      failed: (error) =>
        this.#options.log.warn({ event: 'replicas.unknown', err: error }, 'the list of replicas cannot be kept'),
    });
  }

  /** Where a process that is there is reached, or undefined. Rejects as the database does. */
  async addressOf(id: string): Promise<string | undefined> {
    const known = this.#reachable(id);
    if (known !== undefined) return known;
    await this.look();
    return this.#reachable(id);
  }

  /** Reads the table from now on; whoever asks at the same time reads together. */
  look(): Promise<void> {
    return (this.#looking ??= this.#lookSoon());
  }

  /** Told of each process that fell silent, once. One that ended as it should still serves what it has begun. */
  onSilent(listener: (id: string) => void): void {
    this.#ended.push(listener);
  }

  /** Gives its place up: what comes later for this process is for nobody. */
  async leave(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    if (stop === undefined) return;
    await stop();
    await forgetReplica(this.#options.database.db, this.#options.self.id);
  }

  #reachable(id: string): string | undefined {
    const sibling = this.#known.get(id);
    return sibling === undefined || sibling.silent ? undefined : sibling.address;
  }

  async #lookSoon(): Promise<void> {
    const wait = this.#lookedAt + LOOK_EVERY_MS - this.#options.clock.now();
    // Also of a clock that was put back. Who asks until then reads along: the reading begins after they asked.
    await pause(Math.min(Math.max(wait, 0), LOOK_EVERY_MS), undefined, { ref: false });
    this.#lookedAt = this.#options.clock.now();
    this.#looking = undefined;
    await this.#read();
  }

  async #beat(): Promise<void> {
    const { database, self, clock } = this.#options;
    const { id, address } = self;
    const row = { id, address: address ?? null, proof: this.#proofOf(id, address ?? null), seen_at: clock.now() };
    await noteReplica(database.db, row);
    await this.#read();
  }

  async #read(): Promise<void> {
    const { database, self, clock } = this.#options;
    const rows = await listReplicas(database.db);
    const now = clock.now();
    // After a while in which nothing could be read, nobody had a chance to be seen.
    const blind = now - this.#readAt > SILENT_MS / 2;
    this.#readAt = now;
    const there = new Set(rows.map(({ id }) => id));
    for (const id of this.#known.keys()) if (!there.has(id)) this.#known.delete(id);
    for (const row of rows) if (row.id !== self.id) await this.#see(row, now, blind);
  }

  async #see(row: ReplicaRow, now: number, blind: boolean): Promise<void> {
    const { id, seen_at: seenAt } = row;
    const before = this.#known.get(id);
    const moved = before === undefined || before.seenAt !== seenAt;
    const movedAt = moved || blind ? now : before.movedAt;
    const silent = now - movedAt > SILENT_MS;
    if (silent && now - movedAt > FORGOTTEN_MS) return await forgetReplica(this.#options.database.db, id, seenAt);
    this.#known.set(id, { address: this.#addressIn(row), seenAt, movedAt, silent });
    // A line that does not move may be left of one that was killed.
    if (before !== undefined && moved) this.#judgePlaces(row);
    if (silent && before?.silent === false) for (const listener of this.#ended) listener(id);
  }

  /** Where a process is reached, were it one of ours that says so. */
  #addressIn({ id, address, proof }: ReplicaRow): string | undefined {
    if (!equalBytes(Buffer.from(proof, 'base64url'), Buffer.from(this.#proofOf(id, address), 'base64url'))) {
      this.#warn(id, 'did not write its line in the list of replicas, or has another key');
      return undefined;
    }
    if (address === null) return undefined;
    const refused = this.#options.refuseAddress(address);
    if (refused === undefined) return address;
    this.#warn(id, `is not sent anything: ${refused}`);
    return undefined;
  }

  /** What keeps sessions from being everybody's where there are several. */
  #judgePlaces({ id, address }: ReplicaRow): void {
    const own = this.#options.self.address;
    if (address === null) {
      this.#warn(
        id,
        'does not say where it is reached: give each its `replica.address`, else its sessions are its own alone',
      );
    }
    if (own === undefined) {
      this.#warn(
        id,
        'is not told where this one is reached: give it a `replica.address`, else its sessions are its own alone',
      );
    }
    if (address !== null && address === own) {
      this.#warn(id, 'says that it is reached where this one is: what is meant for one comes to the other');
    }
  }

  #warn(replica: string, what: string): void {
    const said = `${replica} ${what}`;
    if (this.#warned.has(said)) return;
    this.#warned.add(said);
    this.#options.log.warn({ event: 'replicas.trouble', replica }, `a replica ${what}`);
  }

  #proofOf(id: string, address: string | null): string {
    const said = JSON.stringify(['replicas', id, address]);
    return createHmac('sha256', this.#options.key).update(said).digest('base64url');
  }
}
