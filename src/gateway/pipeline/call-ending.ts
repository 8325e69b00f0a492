/** What the end of a call counts as, and what its record says of it. */
import { ClientInterruption } from '#contract';
import { ChatelaineError } from '#kernel';
import type { Tool } from '#toolbox';
import type { Ending } from './call-record.ts';

/** A record that failed cannot be put on record. */
export const isOfTheRecord = (error: unknown): boolean =>
  error instanceof ChatelaineError && (error.code === 'AUDIT_UNAVAILABLE' || error.code === 'AUDIT_OVERLOADED');

/** Refusals of the pipeline itself: whoever met one did not get as far as the tool. */
const REFUSALS: ReadonlySet<string> = new Set([
  'FORBIDDEN_ACCESS',
  'FORBIDDEN_ROLE',
  'POLICY_DENIED',
  'APPROVAL_REQUIRED',
  'APPROVAL_REFUSED',
  'APPROVALS_EXHAUSTED',
  'TOOL_UNKNOWN',
  'TOOL_QUARANTINED',
  'PROMPT_UNKNOWN',
  'RESOURCE_UNKNOWN',
  'RESOURCE_NOT_FOUND',
  'INSUFFICIENT_SCOPE',
  'TOOL_TOKEN_REQUIRED',
  'SECURE_CHANNEL_REQUIRED',
  'ARGUMENTS_INVALID',
  'OVERLOADED',
  'SOURCE_BUSY',
  'LIMIT_EXCEEDED',
  'CONTAINED',
]);

/** How a report's outcome counts; undefined for a round that ended with a question to the client. */
export function endedAs(outcome: string): 'succeeded' | 'failed' | 'denied' | undefined {
  if (outcome === 'CLIENT_INTERRUPTION') return undefined;
  if (outcome === 'ok') return 'succeeded';
  return REFUSALS.has(outcome) ? 'denied' : 'failed';
}

/** What was cut off while it ran: nobody knows how far a write got. */
const CUT_OFF: ReadonlySet<string> = new Set(['CALL_CANCELLED', 'TOOL_TIMEOUT', 'CALL_CONTAINED']);

export function endingOf(error: unknown, tool: Tool | undefined, durationMs: number, interruption?: string): Ending {
  const isInterruption = error instanceof ClientInterruption;
  // A call in rounds ends each round but the last with a question; one that asks for a yes has not been allowed.
  if (isInterruption && interruption === undefined) return { outcome: 'success', decision: 'permit', durationMs };
  const code = isInterruption ? (interruption ?? '') : error instanceof ChatelaineError ? error.code : 'INTERNAL';
  if (REFUSALS.has(code)) return { outcome: 'denied', decision: 'forbid', error: code, durationMs };
  const unknown = CUT_OFF.has(code) && tool?.mayWrite() === true;
  return { outcome: unknown ? 'unknown' : 'failure', decision: 'permit', error: code, durationMs };
}
