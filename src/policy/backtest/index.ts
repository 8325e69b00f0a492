/**
 * backtest: what other policies would have decided.
 *
 * Owns what recorded decisions were about (`subjects.ts`, `decision-subjects.ts`: caller, tool and policies by the
 * digests that records have), deciding again from the record alone (`recorded-decision.ts`, `replay.ts`), proposed
 * policies held against a range of it (`draft.ts`, `simulate.ts`, `flips.ts`), what somebody needs by what they did
 * (`advise.ts`), and policies that are watched beside the decisions of now (`shadow.ts`).
 * Does not own the record (audit), nor which policies there are.
 * Table: `decision_subjects`, queried in `store/` alone.
 */
export { lateDecisionWatch, type DecisionWatch } from './late-watch.ts';
export type { WatchedDecisions } from './watched-decisions.ts';
