/** What is measured before there is anything to measure with: kept back, and told once there is. */
import type { ClusterObserver } from './observer.ts';

type Told = (observer: ClusterObserver) => void;

/** At most so much is kept back, of what a start does. */
const KEPT_BACK = 10_000;

/** An observer that tells another, once that has come. If it never does, nothing is told. */
export function lateObserver(coming: Promise<ClusterObserver>): ClusterObserver {
  let there: ClusterObserver | undefined;
  let waiting: Told[] = [];
  const tell = (told: Told): void => {
    if (there !== undefined) told(there);
    else if (waiting.length < KEPT_BACK) waiting.push(told);
  };
  coming.then(
    (observer) => {
      there = observer;
      for (const told of waiting) told(observer);
      waiting = [];
    },
    () => undefined,
  );
  return {
    requested: (request) => tell((observer) => observer.requested(request)),
    watchRestarted: (watch) => tell((observer) => observer.watchRestarted(watch)),
    dequeued: (taken) => tell((observer) => observer.dequeued(taken)),
    reconciled: (done) => tell((observer) => observer.reconciled(done)),
    retried: (queue) => tell((observer) => observer.retried(queue)),
    eventRecorded: (outcome) => tell((observer) => observer.eventRecorded(outcome)),
  };
}
