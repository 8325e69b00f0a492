/** How an object stands, as conditions: found anew each time, and written where something is otherwise. Pure. */
import type { Condition } from '#contract/kubernetes';

export type ConditionType =
  /** What it says can be done: its spec is understood, and what it refers to is there and may be referred to. */
  | 'Valid'
  /** Its certificates are there and good. */
  | 'CertificatesReady'
  /** As many pods serve as are wanted. */
  | 'Available'
  /** All of the above. */
  | 'Ready';

/** What was found, of one type. */
export interface Finding {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

const LONGEST_MESSAGE = 32_000;

/** `now` is RFC 3339. The moment of a condition is when its status changed last, not when it was said again. */
export function conditionsOf(
  findings: readonly Finding[],
  before: readonly Condition[],
  about: { readonly generation: number | undefined; readonly now: string },
): readonly Condition[] {
  const { generation, now } = about;
  return withReady(findings).map(({ type, status, reason, message }) => {
    const known = before.find((condition) => condition.type === type);
    return {
      ...{ type, status, reason, message: message.slice(0, LONGEST_MESSAGE) },
      ...(generation !== undefined && { observedGeneration: generation }),
      lastTransitionTime: known?.status === status ? known.lastTransitionTime : now,
    };
  });
}

/** `Ready` is what the first says that is not so. */
export function withReady(findings: readonly Finding[]): readonly Finding[] {
  const wrong =
    findings.find(({ status }) => status === 'False') ?? findings.find(({ status }) => status === 'Unknown');
  const ready: Finding =
    wrong === undefined
      ? { type: 'Ready', status: 'True', reason: 'Ready', message: 'everything is as it should be' }
      : { type: 'Ready', status: wrong.status, reason: wrong.reason, message: wrong.message };
  return [...findings, ready];
}

export const isSo = (type: ConditionType, reason: string, message: string): Finding => ({
  ...{ type, status: 'True', reason, message },
});
export const isNot = (type: ConditionType, reason: string, message: string): Finding => ({
  ...{ type, status: 'False', reason, message },
});
export const isUnknown = (type: ConditionType, reason: string, message: string): Finding => ({
  ...{ type, status: 'Unknown', reason, message },
});
