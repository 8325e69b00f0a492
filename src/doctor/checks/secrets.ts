import { DAY_MS, type Check, type Weakness } from '../check.ts';
import { latestVersions } from '../store/counts.ts';

const SOON_DAYS = 30;
const OLDEST_DAYS = 365;

/** A secret that ends takes its tools with it; one that never changes is known to all who ever saw it. */
export const secrets: Check = {
  id: 'secrets',
  looksAt: 'secrets of the vault: those that end soon, and those that nobody has rotated for long',
  async run({ database, now }) {
    const latest = database === undefined ? [] : await latestVersions(database.db);
    return latest.flatMap(({ namespace, name, createdAt, expiresAt }): readonly Weakness[] => {
      const secret = `the secret \`secret://${namespace}/${name}\``;
      const remedy = `Renew it where it comes from, and \`chatelaine secret rotate ${name} --namespace ${namespace}\`.`;
      const age = Math.floor((now - createdAt) / DAY_MS);
      const left = expiresAt === null ? Number.POSITIVE_INFINITY : Math.floor((expiresAt - now) / DAY_MS);
      if (left < 0) return [{ severity: 'error', what: `${secret} has expired: what needs it fails`, remedy }];
      if (left <= SOON_DAYS) return [{ severity: 'warning', what: `${secret} expires in ${left} days`, remedy }];
      return age > OLDEST_DAYS ? [{ severity: 'warning', what: `${secret} is ${age} days old`, remedy }] : [];
    });
  },
};
