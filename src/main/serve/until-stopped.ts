/**
 * Resolves with the first SIGTERM or SIGINT. A second one ends the process at once: whoever asks twice
 * does not want to wait for running calls.
 */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      for (const name of SIGNALS) {
        process.off(name, stop);
        process.once(name, () => process.exit(130));
      }
      resolve(signal);
    };
    for (const name of SIGNALS) process.on(name, stop);
  });
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
