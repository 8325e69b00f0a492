/** How long to wait before another try: twice as long each time, never exactly, so that many do not come at once. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Milliseconds before try number `attempt`, counted from 0; `random` gives numbers from 0 up to 1. */
export function backoffMs(
  { firstMs, longestMs }: Backoff,
  attempt: number,
  random: () => number = Math.random,
): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (0.5 + random() / 2));
}

/** Resolves after the time, at once when the signal aborts; keeps no process alive. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    // A timer holds 24.8 days at the most, and fires at once beyond.
    const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1)).unref();
    signal.addEventListener('abort', done, { once: true });
  });
}
