/**
 * What callers have open at MCP servers ends with their sign-in: at once where that ends in this process, and with the
 * next look where another process, a command or time has ended it.
 */
import type { Logger } from '#kernel';
import type { Configured } from '../configuration/index.ts';
import type { Endings } from '../endings.ts';
import type { OwnAuthorizationServer } from './own-authorization-server.ts';

/** As often as streams of clients are looked at, whose credentials end no sooner. */
const LOOK_MS = 15_000;

export function endWithSignIns(parts: {
  readonly configured: Pick<Configured, 'signIns' | 'signedOut'>;
  readonly own: Pick<OwnAuthorizationServer, 'sessionGoesOn' | 'onSessionsEnd'>;
  readonly log: Logger;
  readonly endings: Endings;
}): void {
  const { configured, own, log, endings } = parts;
  let looking: Promise<void> | undefined;
  let isStale = false;

  async function lookAll(): Promise<void> {
    do {
      isStale = false;
      const over = new Set<string>();
      for (const signIn of configured.signIns()) if (!(await own.sessionGoesOn(signIn))) over.add(signIn);
      if (over.size > 0) configured.signedOut(over);
    } while (isStale);
  }

  function look(): void {
    isStale = true;
    looking ??= lookAll()
      .catch((error: unknown) => log.debug({ err: error }, 'it is not known which sign-ins have ended'))
      .finally(() => (looking = undefined));
  }

  own.onSessionsEnd(look);
  const timer = setInterval(look, LOOK_MS).unref();
  endings.add('looking for ended sign-ins', async () => {
    clearInterval(timer);
    await looking;
  });
}
