/** Waiting as an argument, so that minutes of it can be tested in none. */
export interface Timers {
  /** Runs something once after so many milliseconds. Gives how to call it off. */
  after(ms: number, run: () => void): () => void;
}

/** Keeps no process alive. */
export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after the time, or at once when the signal is aborted; never rejects. */
export function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = timers.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
