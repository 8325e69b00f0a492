import type { SecretReader, ServerSettings } from '#contract';
import type { Clock, Logger } from '#kernel';
import { loadAnomalies } from '#registry';
import type { Endings } from '../endings.ts';
import type { Services } from '../services/index.ts';
import { alertReceivers } from './alert-receivers.ts';

/** News of alerts, for whoever raises some. */
export interface LateNotices {
  /** Tells of all that is due; undefined where nobody is to be told. */
  readonly kick: (() => void) | undefined;
}

/** After a start, what an earlier run could not tell is told, though nothing happens. */
const WAKING_MS = 60_000;

/** Receivers of alerts, loaded when there is something to tell, and one sender for all who raise them. */
export function lateNotices(parts: {
  readonly services: Pick<Services, 'database'>;
  readonly settings: ServerSettings['alerts'];
  readonly secrets: SecretReader;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}): LateNotices {
  const { services, settings, clock, log, endings } = parts;
  if (settings.webhook === undefined && settings.email === undefined) return { kick: undefined };
  let opening: Promise<() => void> | undefined;

  async function open(): Promise<() => void> {
    const { AlertNotices } = await loadAnomalies();
    const receivers = await alertReceivers(parts);
    const notices = new AlertNotices({ database: services.database, receivers, clock, log }).start();
    endings.add('news of alerts', notices.stop);
    return notices.kick;
  }

  function kick(): void {
    opening ??= open();
    opening.then(
      (tell) => tell(),
      (error: unknown) => {
        // What failed may succeed with the next alert.
        opening = undefined;
        log.error({ err: error }, 'nobody is told of alerts');
      },
    );
  }

  const waking = setTimeout(kick, WAKING_MS).unref();
  endings.add('waking of alerts', () => clearTimeout(waking));
  return { kick };
}
