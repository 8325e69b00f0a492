import type { Database } from '#db';
import type { Clock } from '#kernel';
import { sumUsage } from '../store/usage-store.ts';
import { callsOf, dayOf } from './usage.ts';

/** What is known of the use of a tool in the last thirty days. */
export interface UsedTools {
  /** By `namespace/name`; those that nobody called are left out. */
  of(names: readonly { readonly namespace: string; readonly name: string }[]): Promise<
    ReadonlyMap<
      string,
      {
        readonly calls: number;
        readonly errors: number;
        readonly averageMs: number | undefined;
        readonly lastUsedAt: number | undefined;
      }
    >
  >;
}

const DAYS_MS = 29 * 86_400_000;
const MOST_TOOLS = 100_000;

export function usedTools({ database, clock }: { readonly database: Database; readonly clock: Clock }): UsedTools {
  return {
    async of(names) {
      if (names.length === 0) return new Map();
      const now = clock.now();
      const scopes = [{ namespaces: [...new Set(names.map(({ namespace }) => namespace))] }];
      const tool = names.length === 1 ? names[0]?.name : undefined;
      const filter = { from: dayOf(now - DAYS_MS), to: now + 1, scopes, tool };
      const wanted = new Set(names.map(({ namespace, name }) => `${namespace}/${name}`));
      const sums = await sumUsage(database.db, filter, 'tool', MOST_TOOLS);
      return new Map(
        sums.flatMap(({ namespace, tool: name, sums: one }) => {
          const key = `${namespace}/${name}`;
          if (!wanted.has(key)) return [];
          const calls = callsOf(one);
          const facts = { calls, errors: one.failed, averageMs: one.durationMs / calls, lastUsedAt: one.lastAt };
          return [[key, facts] as const];
        }),
      );
    },
  };
}
