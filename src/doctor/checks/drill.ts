import { readVerification } from '#backup';
import { DAY_MS, type Check } from '../check.ts';

const LONGEST_DAYS = 90;

/** A backup that nobody has ever opened is a hope. */
export const drill: Check = {
  id: 'drill',
  looksAt: 'regular testing: when a backup was last opened with the private key',
  run({ settings: { backup }, now }) {
    if (backup === undefined) return [];
    const last = readVerification(backup.folder);
    if (last !== undefined && now - last <= LONGEST_DAYS * DAY_MS) return [];
    const when = last === undefined ? 'yet' : `for ${Math.floor((now - last) / DAY_MS)} days`;
    return [
      {
        severity: 'warning',
        what: `nobody has opened a backup of \`${backup.folder}\` ${when}`,
        remedy: 'Run `chatelaine backup verify FILE --key KEY`, best with a restore elsewhere, every quarter.',
      },
    ];
  },
};
