import type { Head } from '../chain/chain.ts';
import { lastReadable, type CheckpointBody } from '../checkpoint/checkpoint.ts';
import { readPlaces } from '../delivery/places.ts';
import type { AuditStore } from '../store/store.ts';

/** Of each chain, the last record that retention has removed, or is about to. */
export type Removals = ReadonlyMap<string, Head>;

/** What a checkpoint says was removed. */
export function removalsIn(body: CheckpointBody | undefined): Removals {
  const removals = new Map<string, Head>();
  for (const { id, removed } of body?.writers ?? []) {
    if (removed) removals.set(id, { seq: removed.upTo, hash: removed.head });
  }
  return removals;
}

/** What the last checkpoint says was removed: it repeats what those before it have said. */
export async function signedRemovals(store: Pick<AuditStore, 'lastCheckpoint' | 'checkpoints'>): Promise<Removals> {
  return removalsIn((await lastReadable(store))?.body);
}

/**
 * What may go: closed pieces of chains whose last record is older than `before` (milliseconds), which
 * the last checkpoint covers and every one of these exports has delivered. An export that has
 * delivered nothing yet holds everything back.
 */
export async function findRemovals(store: AuditStore, before: number, exports: readonly string[]): Promise<Removals> {
  const body = (await lastReadable(store))?.body;
  const signed = removalsIn(body);
  const places = await Promise.all(exports.map(async (name) => readPlaces(await store.cursorOf(name))));
  const removals = new Map<string, Head>();
  for (const { id, count } of body?.writers ?? []) {
    const limit = Math.min(count, ...places.map((place) => place[id] ?? 0));
    const head = await store.removable(id, before, limit);
    if (head && head.seq > (signed.get(id)?.seq ?? 0)) removals.set(id, head);
  }
  return removals;
}

/** Removes what the last checkpoint says was removed; what an interrupted run has left goes as well. */
export async function finishRemovals(store: AuditStore): Promise<void> {
  for (const [id, { seq }] of await signedRemovals(store)) await store.remove(id, seq);
}
