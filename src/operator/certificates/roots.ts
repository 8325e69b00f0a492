/** Roots in PEM: told apart by their bytes, each kept once. */
import { X509Certificate } from 'node:crypto';
import { pemBlocks } from '#tls';

export interface Root {
  /** SHA-256 of the certificate. */
  readonly id: string;
  readonly pem: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

/** The certificates of a text; undefined for what is not certificates alone, or cannot be read. */
export function readCertificates(text: string): readonly X509Certificate[] | undefined {
  const blocks = pemBlocks(text);
  if (blocks === undefined || blocks.some(({ label }) => label !== 'CERTIFICATE')) return undefined;
  try {
    return blocks.map(({ der }) => new X509Certificate(der));
  } catch {
    return undefined;
  }
}

/** The authorities of a text; none of one that cannot be read, and nothing in it that is no authority. */
export const readRoots = (text: string | undefined): readonly Root[] =>
  (text === undefined ? [] : (readCertificates(text) ?? [])).filter(({ ca }) => ca).map(rootOf);

export const rootOf = (certificate: X509Certificate): Root => ({
  id: certificate.fingerprint256,
  pem: certificate.toString(),
  notAfter: certificate.validToDate.getTime(),
});

/** Each once, in the order in which they come. */
export const distinct = (roots: readonly Root[]): readonly Root[] => [
  ...new Map(roots.map((root) => [root.id, root])).values(),
];

export const without = (roots: readonly Root[], others: readonly Root[]): readonly Root[] =>
  roots.filter(({ id }) => !others.some((other) => other.id === id));

export const printRoots = (roots: readonly Root[]): string => roots.map(({ pem }) => pem).join('');
