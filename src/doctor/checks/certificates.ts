import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isPem, type ServerSettings } from '#contract';
import { DAY_MS, type Check, type Weakness } from '../check.ts';

const SOON_DAYS = 30;

/** A certificate ends on a day that is known, and nobody thinks of it on that day. */
export const certificates: Check = {
  id: 'certificates',
  looksAt: 'validity of the certificates that the configuration names',
  run({ settings, now }) {
    return certificatesOf(settings).flatMap(([field, value]) => look(field, value, now));
  },
};

type Field = readonly [name: string, value: string | undefined];

/** Every certificate of the configuration, with the field that names it. */
function certificatesOf({
  tls,
  agentListener,
  internalListener,
  alerts,
  database,
  audit,
  vault,
}: ServerSettings): readonly Field[] {
  return [
    ['tls.certificate', tls?.certificate],
    ['agentListener.certificate', agentListener?.certificate],
    ['agentListener.clientCa', agentListener?.clientCa],
    ['internalListener.certificate', internalListener?.certificate],
    ['internalListener.clientCa', internalListener?.clientCa],
    ...(internalListener?.federated ?? []).map((one, at): Field => [
      `internalListener.federated[${at}].clientCa`,
      one.clientCa,
    ]),
    ...(database.type === 'postgres' ? ofClient('database', database) : []),
    ...audit.anchors.flatMap((one) => ofClient(`audit.anchors.${one.name}`, one)),
    ...audit.exports.flatMap((one) => ofClient(`audit.exports.${one.name}`, one)),
    ...(alerts.email === undefined ? [] : ofClient('alerts.email', alerts.email)),
    ...ofClient('vault.keyWrapper', vault.keyWrapper),
    ...vault.previousKeyWrappers.flatMap((one, at) => ofClient(`vault.previousKeyWrappers[${at}]`, one)),
  ];
}

/** What we connect to, and kinds of it that need no connection. */
interface TlsTowards {
  readonly type?: string;
  readonly tls?: { readonly ca?: string | undefined; readonly cert?: string | undefined } | false | undefined;
}

const ofClient = (where: string, { tls }: TlsTowards): readonly Field[] =>
  tls ? [[`${where}.tls.ca`, tls.ca] as const, [`${where}.tls.cert`, tls.cert] as const] : [];

/** What is wrong with the certificates of one field: PEM text, or the path to it. */
export function look(field: string, value: string | undefined, now: number): readonly Weakness[] {
  if (value === undefined) return [];
  const remedy = 'Renew it; the next connection uses the new file.';
  let ends: readonly number[];
  try {
    ends = readCertificates(isPem(value) ? value : readFileSync(value, 'utf8')).map((one) => one.validToDate.getTime());
  } catch {
    return [{ severity: 'error', what: `\`${field}\` cannot be read as a certificate`, remedy: 'Name a PEM file.' }];
  }
  return ends.flatMap((end): readonly Weakness[] => {
    const days = Math.floor((end - now) / DAY_MS);
    if (days > SOON_DAYS) return [];
    const what = days < 0 ? 'has expired' : `expires in ${days} days`;
    return [{ severity: days < 0 ? 'error' : 'warning', what: `a certificate of \`${field}\` ${what}`, remedy }];
  });
}

/** Throws where there is none, or one that is none. */
function readCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('no certificate');
  return blocks.map((block) => new X509Certificate(block));
}
