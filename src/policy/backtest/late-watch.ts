import type { AuditTrail } from '#contract';
import type { Database } from '#db';
import type { Clock, Logger } from '#kernel';
import type { Decision, DecisionRequest, PolicySet } from '../decide/policy-set.ts';
import type { PolicySource } from '../language/rule.ts';
import type { WatchedDecisions } from './watched-decisions.ts';

export interface WatchParts {
  readonly database: Pick<Database, 'db' | 'transaction'>;
  readonly trail: Pick<AuditTrail, 'append'>;
  /** The policies that are watched and do not decide, as they are now; the same list while they are the same. */
  readonly watched: () => readonly PolicySource[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Looks on while calls are decided. */
export interface DecisionWatch {
  /** Returns at once. The arguments of the request are undefined where nobody got as far as them. */
  decided(request: JudgedRequest, decision: Decision, policies: PolicySet): void;
  /** What was seen. */
  opened(): Promise<WatchedDecisions>;
  /** Takes away what decisions about those people were made from, by the names that their keys have. */
  forget(subjects: readonly string[]): Promise<void>;
  /** How often which policy would have decided otherwise, for metrics. */
  counts(): ReturnType<WatchedDecisions['counts']>;
  close(): Promise<void>;
}

export type JudgedRequest = DecisionRequest & { readonly arguments: object | undefined };

/** Decided before it was there to look on. */
const MOST_WAITING = 1000;

/** Loaded by the first call: until then it is in nobody's way. */
export function lateDecisionWatch(parts: WatchParts): DecisionWatch {
  let watch: WatchedDecisions | undefined;
  let opening: Promise<WatchedDecisions> | undefined;
  const waiting: Parameters<DecisionWatch['decided']>[] = [];

  async function open(): Promise<WatchedDecisions> {
    const { WatchedDecisions: Watched } = await import('./watched-decisions.ts');
    watch = new Watched(parts);
    for (const seen of waiting.splice(0)) watch.decided(...seen);
    return watch;
  }
  const opened = (): Promise<WatchedDecisions> => {
    opening ??= open();
    // What failed may succeed at the next request.
    opening.catch(() => (opening = undefined));
    return opening;
  };

  return {
    decided(...seen) {
      if (watch !== undefined) return watch.decided(...seen);
      if (waiting.length < MOST_WAITING) waiting.push(seen);
      void opened().catch((error: unknown) => {
        parts.log.error({ err: error }, 'decisions cannot be watched');
      });
    },
    opened,
    forget: async (subjects) => await (await opened()).subjects.forget(subjects),
    counts: () => watch?.counts() ?? [],
    close: async () => (await opening?.catch(() => undefined))?.close(),
  };
}
