import { formatDuration } from '#kernel';
import { listBackups } from '#backup';
import type { Check, Weakness } from '../check.ts';

/** Whether there is something to restore, of when, and whether it outlives the disk. */
export const backups: Check = {
  id: 'backups',
  looksAt: 'whether backups are made, how old the newest is, and where they lie',
  run({ settings: { backup }, dataDirectory, now, disk }) {
    if (backup === undefined) {
      return [
        {
          severity: 'warning',
          what: 'no backups are made',
          remedy: 'Say `backup:` in `kind: server` (docs/backup.md), or make them by hand and disregard this.',
        },
      ];
    }
    const found: Weakness[] = [];
    const newest = listBackups(backup.folder)[0];
    if (newest === undefined || now - newest.at > 2 * backup.every) {
      const age = newest === undefined ? 'there is none' : `the newest is ${formatDuration(now - newest.at)} old`;
      found.push({
        severity: 'error',
        what: `a backup is due every ${formatDuration(backup.every)}, and in \`${backup.folder}\` ${age}`,
        remedy: 'Look for `backup.failed` in the log of the server, and whether one runs.',
      });
    }
    if (disk.volumeOf(backup.folder) === disk.volumeOf(dataDirectory)) {
      found.push({
        severity: 'warning',
        what: `\`${backup.folder}\` lies on the volume of the data directory: both are lost together`,
        remedy: 'Name a folder on another volume or machine in `backup.folder`.',
      });
    }
    return found;
  },
};
