import type { Clock } from '#kernel';

/** Request ids: unique across restarts, in order within one, and cheap. */
export function requestIds(clock: Clock): () => string {
  const start = clock.now().toString(36);
  let count = 0;
  return () => `${start}-${(++count).toString(36)}`;
}
