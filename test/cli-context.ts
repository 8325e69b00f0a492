/** The outside of a command in a test: nobody watches, nothing is piped in, data directories are real. */
import { systemClock } from '#kernel';
import type { CliContext } from '#cli';

export function cliContext(given: Partial<CliContext> = {}): CliContext {
  const surroundings = { env: {}, clock: systemClock, version: '1.2.3', ...given };
  return {
    stdout: { write: () => true },
    stderr: { write: () => true },
    // Loaded when used, as the real entry does: a child process of a test should cost what it uses.
    openApi: async (place) => (await import('#main')).openLocalApi(surroundings)(place),
    readSecret: async () => undefined,
    watched: false,
    ...surroundings,
  };
}
