import { join } from 'node:path';
import { readStandings, viewAudit } from '#audit';
import { ChatelaineError, formatDuration } from '#kernel';
import type { Check, Weakness } from '../check.ts';

const LONGEST_WAIT_MS = 3_600_000;

/** Who is to have the record and has not is no witness, and what waits for a receiver is not forgotten either. */
export const deliveries: Check = {
  id: 'deliveries',
  looksAt: 'deliveries of the audit log: whether its exports and anchors have what they should',
  async run({ settings, dataDirectory, database, now }) {
    if (settings.database.type === 'postgres' && database === undefined) return [];
    const storage = database && { settings: settings.database, database };
    const clock = { now: () => now };
    try {
      const view = await viewAudit({ root: join(dataDirectory, 'audit'), clock, ...(storage && { storage }) });
      if (view === undefined) return [];
      try {
        const standings = await readStandings(view.store, settings.audit);
        return standings.flatMap(({ name, behind, waitingSince }): readonly Weakness[] => {
          const waits = waitingSince === undefined ? 0 : now - waitingSince;
          if (waits <= LONGEST_WAIT_MS) return [];
          const held = settings.audit.retention.keep;
          const holdsBack =
            held !== undefined && waits > held && settings.audit.exports.some((one) => one.name === name);
          const so = holdsBack ? ', and holds retention back' : '';
          return [
            {
              severity: holdsBack ? 'error' : 'warning',
              what: `the receiver \`${name}\` lacks ${behind} of the audit log, the first for ${formatDuration(waits)}${so}`,
              remedy:
                'Ask `chatelaine audit deliveries --server URL` for the reason; it is in the log of the server too.',
            },
          ];
        });
      } finally {
        await view.store.close();
      }
    } catch (error) {
      // What is wrong with the log is for `audit` to say.
      if (error instanceof ChatelaineError) return [];
      throw error;
    }
  },
};
