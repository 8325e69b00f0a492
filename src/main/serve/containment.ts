import { hostname } from 'node:os';
import type { ServerSettings } from '#contract';
import type { Clock, Logger } from '#kernel';
import { RunningCalls, ServingProcessDuty } from '#registry';
import type { Endings } from '../endings.ts';
import type { Services } from '../services/index.ts';

export interface ServedContainment {
  /** What every call asks first. */
  readonly running: RunningCalls;
  /**
   * Reads what is contained, and follows it. Resolves when it is known: nothing may be called before. `endStreams`
   * ends the streams of those who may not have them any more, where there are any.
   */
  follow(endStreams?: () => Promise<void>): Promise<void>;
  /** Takes up at once what this process itself has contained. */
  here(): Promise<void>;
}

/** What was stopped, in a process that runs calls. */
export function servedContainment(parts: {
  readonly services: Pick<Services, 'database' | 'identity'>;
  readonly settings: Pick<ServerSettings, 'database'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}): ServedContainment {
  const { services, settings, clock, log, endings } = parts;
  const running = new RunningCalls();
  let duty: ServingProcessDuty | undefined;
  return {
    running,
    async follow(endStreams) {
      duty = new ServingProcessDuty({
        ...{ database: services.database, running, host: hostname(), clock, log },
        severalHosts: settings.database.type === 'postgres',
        async endStreams() {
          services.identity.declarationsChanged();
          await endStreams?.();
        },
      });
      await duty.start();
      endings.add('containment', () => duty?.close());
    },
    here: async () => await duty?.again(),
  };
}
