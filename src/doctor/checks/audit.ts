import { join } from 'node:path';
import { checkLastCheckpoint, viewAudit } from '#audit';
import { ChatelaineError } from '#kernel';
import type { Check, Patient, Weakness } from '../check.ts';

/** Whether the log is what its last checkpoint says. All of it: `chatelaine audit verify`. */
export const audit: Check = {
  id: 'audit',
  looksAt: 'the audit log: whether there is one, and whether its last checkpoint holds',
  async run(patient) {
    // Of a database that does not open, `database` says so.
    if (patient.settings.database.type === 'postgres' && patient.database === undefined) return [];
    try {
      return await lookAt(patient);
    } catch (error) {
      if (!(error instanceof ChatelaineError)) throw error;
      const { code, message, remedy } = error;
      return [{ severity: 'error', what: `${code}: ${message}`, remedy }];
    }
  },
};

async function lookAt({ settings, dataDirectory, database, now }: Patient): Promise<readonly Weakness[]> {
  const root = join(dataDirectory, 'audit');
  const storage = database && { settings: settings.database, database };
  const view = await viewAudit({ root, clock: { now: () => now }, ...(storage && { storage }) });
  if (view === undefined) {
    const where = settings.database.type === 'postgres' ? 'the database' : `\`${root}\``;
    const remedy = 'Serve with this configuration and data directory; the log begins with the server.';
    return [{ severity: 'warning', what: `there is no audit log in ${where}`, remedy }];
  }
  try {
    const wrong = await checkLastCheckpoint(view.store, view.keys);
    if (wrong === undefined) return [];
    return [
      { severity: 'error', what: wrong, remedy: 'Run `chatelaine audit verify`; it names the first bad record.' },
    ];
  } finally {
    await view.store.close();
  }
}
