/** ConfigMaps of certificates to trust: the authorities of ours, and beside them those that somebody else gave. */
import { err, ok, type Result } from '#kernel';
import { distinct, printRoots, readCertificates, readRoots, rootOf, type Root } from './roots.ts';

/** All that is trusted: what pods mount. */
export const BUNDLE_KEY = 'ca.crt';
/** The authorities of ours among it: what a lost authority is known by. Others must not come to be ours by it. */
export const OWN_ROOTS_KEY = 'authorities.crt';

/** The data of a bundle. `more` are authorities of somebody else, such as those of `tls.clientAuth.caBundleRef`. */
export const bundleData = (own: readonly Root[], more: readonly Root[] = []): Readonly<Record<string, string>> => ({
  [BUNDLE_KEY]: printRoots(distinct([...own, ...more])),
  [OWN_ROOTS_KEY]: printRoots(distinct(own)),
});

/** Whether whoever mounts it trusts all of these. */
export function holdsRoots(data: Readonly<Record<string, string>> | undefined, roots: readonly Root[]): boolean {
  const held = readRoots(data?.[BUNDLE_KEY]);
  return roots.every(({ id }) => held.some((root) => root.id === id));
}

/** Authorities that a user gives; the error says what is wrong with the text, for the condition of the object. */
export function readBundle(text: string): Result<readonly Root[], string> {
  const certificates = readCertificates(text);
  if (certificates === undefined) return err('it is not certificates in PEM alone, or one of them is damaged');
  if (certificates.length === 0) return err('it holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)');
  const other = certificates.find(({ ca }) => !ca);
  if (other !== undefined)
    return err(`\`${other.subject.replaceAll('\n', ', ')}\` in it is no authority (basicConstraints)`);
  return ok(distinct(certificates.map(rootOf)));
}
