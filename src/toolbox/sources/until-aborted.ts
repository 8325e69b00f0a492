/**
 * The work's outcome, or the signal's reason as soon as it aborts: what runs elsewhere may take its
 * time to stop, and its caller has gone.
 */
export async function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const over = Promise.withResolvers<never>();
  const giveUp = (): void => over.reject(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
