/**
 * Does something now and again and again, never twice at once; what fails is told, and the next run does its
 * work. Keeps no process alive. Gives how to stop it, which resolves when no run is under way.
 */
export function startRecurring(
  work: () => Promise<unknown>,
  { everyMs, failed }: { readonly everyMs: number; readonly failed: (error: unknown) => void },
): () => Promise<void> {
  let running = Promise.resolve();
  const run = (): void => {
    running = running.then(work).then(() => undefined, failed);
  };
  const timer = setInterval(run, everyMs);
  timer.unref();
  run();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
