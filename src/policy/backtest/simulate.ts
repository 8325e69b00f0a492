/**
 * Policies held against what was decided before: every recorded call of a range is decided again, and what would
 * be otherwise is listed. What cannot be decided again is counted by its reason, and never guessed.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditRecord } from '#contract';
import { BoundedCache } from '#kernel';
import type { Evaluator } from '../decide/evaluator.ts';
import type { PolicySet } from '../decide/policy-set.ts';
import type { Entity } from '../facts/entities.ts';
import { changeOf, Flips, sideOf, type Change, type FlipGroup, type Side } from './flips.ts';
import { readDecision, type RecordedDecision } from './recorded-decision.ts';
import type { RecordedSubjects } from './recorded-sets.ts';
import { readsAt, replay, type PastMoment } from './replay.ts';
import { isFleeting, sameness } from './sameness.ts';
import { namespaceOf } from './subjects.ts';

/** Why a decision could not be decided again. */
export type Obstacle =
  /** Policies look at what is not on record. */
  | 'fact'
  /** Who called, or what, was lost before it was written. */
  | 'subject'
  /** The facts are not readable any more: their person was erased, or they were too long for a record. */
  | 'record'
  /** By its own policies the decision would have been another: the record lacks something. */
  | 'inconsistent';

export interface NotReplayed {
  readonly why: Obstacle;
  /** The facts that are missing, or which of the two subjects. */
  readonly what: string;
  readonly count: number;
  /** The id of one such record. */
  readonly example: string;
}

export interface SimulationReport {
  /** Recorded decisions in the range. */
  readonly decisions: number;
  readonly replayed: number;
  readonly unchanged: number;
  readonly counts: Readonly<Record<Change, number>>;
  readonly flips: readonly FlipGroup[];
  /** Flips beyond the groups that are told apart. */
  readonly ungrouped: number;
  readonly notReplayed: readonly NotReplayed[];
  /** Replayed without knowing the policies of then, so that a change of what they asked in return is not seen. */
  readonly withoutObligations: number;
}

export interface SimulationParts {
  readonly evaluator: Evaluator;
  readonly draft: PolicySet;
  readonly subjects: RecordedSubjects;
}

/** Different calls of the same kind are decided once. */
const REMEMBERED = 20_000;
/** So many different reasons are told apart. */
const MOST_REASONS = 200;
/** Others are to have their turn between so many decisions. */
const AT_ONCE = 50;

/** Yields now and then how many records have been looked at. */
export async function* simulate(
  records: AsyncIterable<readonly AuditRecord[]>,
  parts: SimulationParts,
): AsyncGenerator<number, SimulationReport> {
  const outcomes = new BoundedCache<string, Outcome>(REMEMBERED);
  const flips = new Flips();
  const exact = isFleeting(parts.draft);
  const obstacles = new Map<
    string,
    { readonly why: Obstacle; readonly what: string; count: number; example: string }
  >();
  let [seen, decisions, replayed, unchanged, withoutObligations, sinceTurn] = [0, 0, 0, 0, 0, 0];

  for await (const page of records) {
    for (const record of page) {
      seen++;
      const recorded = readDecision(record);
      if (recorded === undefined) continue;
      decisions++;
      if (typeof recorded === 'string') {
        count(obstacles, { why: 'record', what: recorded }, record.id);
        continue;
      }
      const key = sameness(recorded, exact);
      let outcome = outcomes.get(key);
      if (outcome === undefined) {
        outcome = await decideAgain(recorded, parts);
        outcomes.set(key, outcome);
        if (++sinceTurn % AT_ONCE === 0) await nextTurn();
      }
      if ('why' in outcome) {
        count(obstacles, outcome, record.id);
        continue;
      }
      replayed++;
      if (outcome.before.obligations === undefined && outcome.before.allowed) withoutObligations++;
      const { before, after, principal, tool, facts } = outcome;
      const change = changeOf(before, after);
      if (change === undefined) unchanged++;
      else flips.add({ change, principal, tool, before, after, facts, record: { id: record.id, time: record.time } });
    }
    yield seen;
  }
  const { counts, ungrouped } = flips;
  const notReplayed = [...obstacles.values()].toSorted((one, other) => other.count - one.count);
  return { decisions, replayed, unchanged, counts, flips: flips.groups(), ungrouped, notReplayed, withoutObligations };
}

type Outcome =
  | { readonly why: Obstacle; readonly what: string }
  | {
      readonly before: Side;
      readonly after: Side;
      readonly principal: { readonly type: string; readonly id: string };
      readonly tool: { readonly type: string; readonly id: string };
      readonly facts: RecordedDecision['facts'];
    };

async function decideAgain(
  recorded: RecordedDecision,
  { evaluator, draft, subjects }: SimulationParts,
): Promise<Outcome> {
  const [principal, tool] = [await subjects.entity(recorded.principal), await subjects.entity(recorded.tool)];
  const namespace = tool && namespaceOf(tool);
  if (principal === undefined) return { why: 'subject', what: 'principal' };
  if (tool === undefined || namespace === undefined) return { why: 'subject', what: 'tool' };
  const asked = { principal, action: recorded.action, resource: tool, namespace };
  const then = await subjects.policies(recorded.version);
  const lookedAt = then && readsAt(then, asked, recorded);
  const moment: PastMoment = { asked, recorded, lookedAt };
  const before = then === undefined ? sideOnRecord(recorded) : replayThen(then, moment, evaluator);
  if ('why' in before) return before;
  const again = replay(evaluator, draft, moment);
  if ('missing' in again) return { why: 'fact', what: again.missing.join(', ') };
  const after = sideOf(again.verdict);
  return { before, after, principal: bare(principal), tool: bare(tool), facts: again.facts };
}

const bare = ({ type, id }: Entity) => ({ type, id });

const sideOnRecord = ({ allowed, policies }: RecordedDecision): Side => ({
  ...{ allowed, because: allowed ? 'permit' : policies.length > 0 ? 'forbid' : 'nothing', policies },
  obligations: undefined,
});

/** What was decided then, with what was asked in return; a record that its own policies contradict proves nothing. */
function replayThen(then: PolicySet, moment: PastMoment, evaluator: Evaluator): Side | { why: Obstacle; what: string } {
  const { recorded } = moment;
  const again = replay(evaluator, then, moment);
  // A name of a person was looked at; the verdict is on record, what was asked in return is not.
  if ('missing' in again) return sideOnRecord(recorded);
  if (again.verdict.allowed !== recorded.allowed) return { why: 'inconsistent', what: recorded.version };
  return sideOf(again.verdict);
}

function count(
  obstacles: Map<string, { readonly why: Obstacle; readonly what: string; count: number; example: string }>,
  { why, what }: { readonly why: Obstacle; readonly what: string },
  example: string,
): void {
  const known = obstacles.get(`${why} ${what}`);
  if (known !== undefined) known.count++;
  else if (obstacles.size < MOST_REASONS) obstacles.set(`${why} ${what}`, { why, what, count: 1, example });
  else {
    const rest = obstacles.get(`${why} and others`) ?? { why, what: 'and others', count: 0, example };
    rest.count++;
    obstacles.set(`${why} and others`, rest);
  }
}
