import { ledgerTrouble, readLedger } from '#backup';
import type { Check, Weakness } from '../check.ts';

/** Without the ledger a restore brings back what was revoked. */
export const ledger: Check = {
  id: 'ledger',
  looksAt: 'the ledger of revocations: whether it is there, whole, and outlives the disk',
  async run({ settings, database, ledgerFolder, dataDirectory, keys, agents, disk, now }) {
    const found: Weakness[] = [];
    const clock = { now: () => now };
    const trouble = database && (await ledgerTrouble({ settings, dataDirectory, database, clock }));
    if (trouble !== undefined) {
      found.push({
        severity: 'error',
        what: `${trouble}; nothing can be revoked`,
        remedy: 'Mount its volume. If the ledger is lost, `chatelaine ledger adopt` begins another one.',
      });
    }
    const ended = keys.some((key) => key.revokedAt !== null) || agents.some((agent) => agent.disabledAt !== null);
    try {
      if (readLedger(ledgerFolder) === undefined && ended) {
        found.push({
          severity: 'error',
          what: `something was revoked, and there is no ledger in \`${ledgerFolder}\``,
          remedy:
            'Put it back. If it is lost, make a backup now and throw older ones away: they bring back what ended.',
        });
      }
    } catch (error) {
      found.push({
        severity: 'error',
        what: (error as Error).message,
        remedy: 'Find out who changed it. Then move it aside, make a backup at once, and throw older ones away.',
      });
    }
    if (disk.volumeOf(ledgerFolder) === disk.volumeOf(dataDirectory)) {
      found.push({
        severity: 'warning',
        what: `the ledger \`${ledgerFolder}\` lies on the volume of the data directory: a restore will lack it`,
        remedy: 'Name a folder on another volume in `ledger:` of `kind: server`, and move it there.',
      });
    }
    return found;
  },
};
