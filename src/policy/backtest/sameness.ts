/** Decisions that are made again once, however often they were made. Pure. */
import type { Rules } from '../explain/inquiry.ts';
import type { RecordedDecision } from './recorded-decision.ts';

/**
 * The same for two decisions that nothing tells apart but the second at which they were made; with `exact` not
 * even that.
 */
export function sameness(
  { principal, tool, version, allowed, policies, facts, unrepresentable, withoutArguments, record }: RecordedDecision,
  exact: boolean,
): string {
  const { door, actor, delegation, address, time, durationMs = 0 } = record;
  const how = [actor.keyId !== undefined, actor.sessionId !== undefined, actor.tsid !== undefined];
  // Clocks are read from the record where the facts have none: the minute, and whether the call went over its end.
  const end = Date.parse(time);
  const moments = [end - durationMs, end].map((at) => (exact ? at : Math.floor(at / 60_000)));
  const decided = [principal, tool, version, allowed, policies, facts, unrepresentable, withoutArguments];
  return JSON.stringify([...decided, door, how, delegation, address, moments]);
}

/** Whether a set may decide one thing now and another a second later, of the same call. */
export const isFleeting = ({ rules }: Pick<Rules, 'rules'>): boolean =>
  rules.some(
    ({ reads, validFrom, validUntil }) =>
      reads.fields.includes('now') || validFrom !== undefined || validUntil !== undefined,
  );
