/** What calls of tools came to, for who may know. */
import { EVERYWHERE, hasRole, type Principal, type Role } from '#contract';
import type { Database } from '#db';
import type { Clock } from '#kernel';
import { sumUsage, type SummedUsage, type UsageBy, type UsageScope } from '../store/usage-store.ts';
import { dayOf, pseudonymOf } from './usage.ts';

export interface AskedStatistics {
  /** The first and the last day, as any moment of them; the last thirty days otherwise. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly tool?: string | undefined;
  /** As `pseudonymOf` has it. */
  readonly principal?: string | undefined;
  readonly by?: UsageBy;
}

export interface GivenStatistics {
  readonly from: number;
  readonly to: number;
  readonly items: readonly SummedUsage[];
}

export const DAY_MS = 86_400_000;
const USUAL_DAYS = 30;
const MOST_ITEMS = 1000;

/** Who sees what everybody does in a namespace: whoever answers for it, for what is called there, or looks after it. */
const SEE_ALL: readonly Role[] = ['admin', 'auditor', 'tool_publisher'];

/** What of these namespaces the caller sees: all of it, or what they did themselves. */
export function scopesOf(principal: Principal, namespaces: readonly string[] | 'all'): readonly UsageScope[] {
  const own = pseudonymOf(principal);
  const seesAll = (namespace: string): boolean => SEE_ALL.some((role) => hasRole(principal, namespace, role));
  if (namespaces === 'all') return [seesAll(EVERYWHERE) ? { namespaces } : { namespaces, principal: own }];
  const whole = namespaces.filter(seesAll);
  const partly = namespaces.filter((namespace) => !seesAll(namespace));
  return [{ namespaces: whole }, { namespaces: partly, principal: own }];
}

/** Sums as they were written; what a process has counted in the last seconds comes later. */
export async function readStatistics(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  scopes: readonly UsageScope[],
  { from, to, tool, principal, by }: AskedStatistics,
): Promise<GivenStatistics> {
  const last = dayOf(to ?? clock.now());
  const first = from === undefined ? last - (USUAL_DAYS - 1) * DAY_MS : dayOf(from);
  const filter = { from: first, to: last + DAY_MS, scopes, tool, principal };
  return { from: first, to: last, items: await sumUsage(database.db, filter, by, MOST_ITEMS) };
}
