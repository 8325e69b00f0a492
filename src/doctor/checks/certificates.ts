import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isPem } from '#contract';
import { DAY_MS, type Check, type Weakness } from '../check.ts';

const SOON_DAYS = 30;

/** A certificate ends on a day that is known, and nobody thinks of it on that day. */
export const certificates: Check = {
  id: 'certificates',
  looksAt: 'validity of the certificates that the configuration names',
  run({ settings: { database }, now }) {
    if (database.type !== 'postgres') return [];
    const { ca, cert } = database.tls;
    return [...look('database.tls.ca', ca, now), ...look('database.tls.cert', cert, now)];
  },
};

/** What is wrong with the certificates of one field: PEM text, or the path to it. */
export function look(field: string, value: string | undefined, now: number): readonly Weakness[] {
  if (value === undefined) return [];
  const remedy = 'Renew it; the next connection uses the new file.';
  let pem: string;
  try {
    pem = isPem(value) ? value : readFileSync(value, 'utf8');
    if (!isPem(pem)) throw new Error('no PEM');
  } catch {
    return [{ severity: 'error', what: `\`${field}\` cannot be read as a certificate`, remedy: 'Name a PEM file.' }];
  }
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block): readonly Weakness[] => {
    const end = new X509Certificate(block).validToDate.getTime();
    const days = Math.floor((end - now) / DAY_MS);
    if (days > SOON_DAYS) return [];
    const what = days < 0 ? 'has expired' : `expires in ${days} days`;
    return [{ severity: days < 0 ? 'error' : 'warning', what: `a certificate of \`${field}\` ${what}`, remedy }];
  });
}
