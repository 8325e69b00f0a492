/** From what was found to what is answered, with what the caller may see of it. Pure. */
import type { z } from 'zod';
import { spelled } from '../explain/explanation.ts';
import type { Facts } from '../explain/explanation.ts';
import type { Draft } from './draft.ts';
import type { FlipGroup, Side } from './flips.ts';
import type { SimulationAnswer } from './schemas.ts';
import type { SimulationReport } from './simulate.ts';

type JsonFacts = Record<string, z.core.util.JSONType>;

export const shownFacts = (facts: Facts): JsonFacts => facts as JsonFacts;

export const shownSide = ({ obligations, policies, ...side }: Side) => ({
  ...side,
  policies: [...policies],
  ...(obligations !== undefined && { obligations: [...spelled(obligations)] }),
});

/** Who may not read the record learns what would change, and of which tools; neither whose calls they were nor what was in them. */
export function shownReport(
  { flips, notReplayed, ...report }: SimulationReport,
  { set, added, replaced, removed }: Draft,
  { range, truncated, readsRecord }: { range: { from: string; to: string }; truncated: boolean; readsRecord: boolean },
): SimulationAnswer {
  return {
    ...{ range, truncated },
    draft: { version: set.version, added: [...added], replaced: [...replaced], removed: [...removed] },
    ...report,
    counts: { ...report.counts },
    flips: readsRecord ? flips.map(shownFlip) : byTool(flips),
    notReplayed: readsRecord ? [...notReplayed] : withoutRecords(notReplayed),
  };
}

const shownFlip = ({ change, principal, tool, count, example }: FlipGroup) => ({
  ...{ change, principal, tool, count },
  example: {
    record: example.record,
    before: shownSide(example.before),
    after: shownSide(example.after),
    facts: shownFacts(example.facts),
  },
});

/** Which policies a record contradicts is a digest of them all: it would tell when any of them changed, anywhere. */
function withoutRecords(notReplayed: SimulationReport['notReplayed']): SimulationAnswer['notReplayed'] {
  const named = notReplayed.map(({ why, what, count }) => ({ why, what: why === 'inconsistent' ? '' : what, count }));
  const groups = Map.groupBy(named, ({ why, what }) => `${why} ${what}`);
  return [...groups.values()].map((group) => ({
    ...(group[0] as (typeof named)[number]),
    count: group.reduce((sum, { count }) => sum + count, 0),
  }));
}

function byTool(flips: readonly FlipGroup[]): SimulationAnswer['flips'] {
  const groups = Map.groupBy(flips, ({ change, tool }) => `${change} ${tool.id}`);
  return [...groups.values()].map((group) => {
    const { change, tool } = group[0] as FlipGroup;
    return { change, tool, count: group.reduce((sum, { count }) => sum + count, 0) };
  });
}
