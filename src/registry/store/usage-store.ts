import { CompiledQuery, sql } from 'kysely';
import type { DatabaseOrTransaction, ToolUsageTable } from '#db';
import { LATENCY_BOUNDS, type Sums } from '../usage/usage.ts';

/** Whose sums. */
export interface UsageKey {
  readonly day: number;
  readonly namespace: string;
  readonly tool: string;
  readonly principal: string;
}

export interface StoredUsage extends UsageKey {
  readonly sums: Sums;
}

const BUCKETS = [
  'calls_1',
  'calls_3',
  'calls_10',
  'calls_30',
  'calls_100',
  'calls_300',
  'calls_1000',
  'calls_3000',
  'calls_10000',
  'calls_inf',
] as const satisfies readonly (keyof ToolUsageTable)[];

const ADDED = ['succeeded', 'failed', 'denied', 'duration_ms', ...BUCKETS] as const;

/**
 * Adds to what is kept. The statement is worked out once for all of them: that takes longer than to run it, and
 * every caller of every tool has a row.
 */
export async function addUsage(db: DatabaseOrTransaction, all: readonly StoredUsage[]): Promise<void> {
  let statement: string | undefined;
  for (const one of all) {
    const row = rowOf(one);
    statement ??= adding(db, row);
    // In the order of its members, which is that of the columns.
    await db.executeQuery(CompiledQuery.raw(statement, Object.values(row)));
  }
}

function rowOf({ sums, day, namespace, tool, principal }: StoredUsage): ToolUsageTable {
  const buckets = Object.fromEntries(BUCKETS.map((name, index) => [name, sums.latencies[index] ?? 0]));
  return {
    ...{ day, namespace, tool, principal },
    ...{ succeeded: sums.succeeded, failed: sums.failed, denied: sums.denied },
    duration_ms: Math.round(sums.durationMs),
    last_at: sums.lastAt ?? 0,
    ...(buckets as Record<(typeof BUCKETS)[number], number>),
  };
}

const adding = (db: DatabaseOrTransaction, row: ToolUsageTable): string =>
  db
    .insertInto('tool_usage')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['day', 'namespace', 'tool', 'principal']).doUpdateSet((kept) => ({
        ...(Object.fromEntries(
          ADDED.map((name) => [name, kept(`tool_usage.${name}`, '+', kept.ref(`excluded.${name}`))]),
        ) as object),
        last_at: kept
          .case()
          .when('excluded.last_at', '>', kept.ref('tool_usage.last_at'))
          .then(kept.ref('excluded.last_at'))
          .else(kept.ref('tool_usage.last_at'))
          .end(),
      })),
    )
    .compile().sql;

/** Rows that a reader may see; those of any of them are read. */
export interface UsageScope {
  readonly namespaces: readonly string[] | 'all';
  /** Only what this caller did. */
  readonly principal?: string | undefined;
}

export interface UsageFilter {
  /** Days from `from` until before `to`, as `dayOf` has them. */
  readonly from: number;
  readonly to: number;
  readonly scopes: readonly UsageScope[];
  readonly tool?: string | undefined;
  readonly principal?: string | undefined;
}

/** What sums go by; undefined for one sum of everything. */
export type UsageBy = 'day' | 'tool' | 'principal' | undefined;

export interface SummedUsage {
  readonly day?: number | undefined;
  readonly namespace?: string | undefined;
  readonly tool?: string | undefined;
  readonly principal?: string | undefined;
  readonly sums: Sums;
}

const SUMMED = [...ADDED, 'last_at'] as const;

/** Sums of what the filter finds: by day in its order, else those with the most calls first, and `limit` at most. */
export async function sumUsage(
  db: DatabaseOrTransaction,
  filter: UsageFilter,
  by: UsageBy,
  limit: number,
): Promise<readonly SummedUsage[]> {
  const columns = by === undefined ? [] : by === 'tool' ? (['namespace', 'tool'] as const) : [by];
  const sums = SUMMED.map((name) => {
    const of = sql.ref(`tool_usage.${name}`);
    return (name === 'last_at' ? sql<number>`max(${of})` : sql<number>`cast(sum(${of}) as bigint)`).as(name);
  });
  let rows = found(db, filter)
    .select(sums)
    .select([...columns]);
  if (columns.length > 0) rows = rows.groupBy([...columns]);
  const calls = sql`sum(succeeded + failed + denied)`;
  const ordered =
    by === undefined
      ? rows
      : by === 'day'
        ? rows.orderBy('day')
        : columns.reduce((all, column) => all.orderBy(column), rows.orderBy(calls, 'desc'));
  const all = (await ordered.limit(limit).execute()) as unknown as readonly (Partial<UsageKey> &
    Record<(typeof SUMMED)[number], number | string | null>)[];
  return all.map(({ day, namespace, tool, principal, ...row }) => ({
    ...{ day, namespace, tool, principal },
    sums: sumsOf(row),
  }));
}

function found(db: DatabaseOrTransaction, { from, to, scopes, tool, principal }: UsageFilter) {
  let rows = db.selectFrom('tool_usage').where('day', '>=', from).where('day', '<', to);
  rows = rows.where((one) =>
    one.or(
      scopes.map(({ namespaces, principal: own }) =>
        one.and([
          ...(namespaces === 'all' ? [] : [one('namespace', 'in', namespaces.length === 0 ? [''] : [...namespaces])]),
          ...(own === undefined ? [] : [one('principal', '=', own)]),
        ]),
      ),
    ),
  );
  if (tool !== undefined) rows = rows.where('tool', '=', tool);
  if (principal !== undefined) rows = rows.where('principal', '=', principal);
  return rows;
}

/** Takes away what is older. */
export async function forgetUsageBefore(db: DatabaseOrTransaction, day: number): Promise<void> {
  await db.deleteFrom('tool_usage').where('day', '<', day).execute();
}

function sumsOf(row: Record<(typeof SUMMED)[number], number | string | null>): Sums {
  const numberOf = (name: (typeof SUMMED)[number]): number => Number(row[name] ?? 0);
  return {
    ...{ succeeded: numberOf('succeeded'), failed: numberOf('failed'), denied: numberOf('denied') },
    durationMs: numberOf('duration_ms'),
    latencies: LATENCY_BOUNDS.map((_, index) => numberOf(BUCKETS[index] as (typeof BUCKETS)[number])),
    lastAt: row.last_at === null ? undefined : Number(row.last_at),
  };
}
