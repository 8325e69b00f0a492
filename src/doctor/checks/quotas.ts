import type { Check } from '../check.ts';

/** Whoever may call a tool may call it without end, unless something says how often. */
export const quotas: Check = {
  id: 'quotas',
  looksAt: 'quotas: whether anything limits how much a caller may do, and where that is counted',
  run({ limits, settings: { counters, database } }) {
    if (limits === 0) {
      return [
        {
          severity: 'warning',
          what: 'no limit says how much a caller may do; those that policies ask for are not looked at',
          remedy: 'Write a `kind: limit`, or `chatelaine limit put everybody "1000 calls per 1h" --namespace "*"`.',
        },
      ];
    }
    if (counters?.type !== 'memory' || database.type === 'sqlite') return [];
    return [
      {
        severity: 'warning',
        what: '`counters: {type: memory}` counts in each process by itself: several on one database grant several times the limit',
        remedy: 'Leave `counters` out, or give it `type: redis`.',
      },
    ];
  },
};
