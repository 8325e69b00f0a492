import type { Check } from '../check.ts';

/** Whether the database opens, is up to date, and gives who serves no more than that needs. */
export const database: Check = {
  id: 'database',
  looksAt: 'the database: whether it opens, pending migrations, rights of the role that serves',
  run({ database, databaseTrouble }) {
    if (databaseTrouble !== undefined) return [databaseTrouble];
    return (database?.warnings ?? []).map((what) => ({
      severity: 'warning' as const,
      what,
      remedy: 'docs/storage.md says how.',
    }));
  },
};
