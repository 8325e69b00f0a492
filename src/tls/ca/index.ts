/**
 * tls/ca: the certificate authority of those who have none.
 *
 * `certificate.ts` makes and signs a certificate, `authority.ts` says what an authority of ours is and
 * issues: both from a key and a moment, without files. `authority-folder.ts` keeps an authority in a
 * folder and rotates it: the next one is prepared beside the old, everybody learns the bundle of both,
 * then it signs, then the old one goes (`prepare → activate → retire`).
 *
 * What it issues is short-lived: a day unless told otherwise, ninety at most. A certificate that is gone
 * tomorrow hardly needs to be revoked.
 */
export {
  issueCertificate,
  newAuthority,
  LONGEST_AUTHORITY_MS,
  LONGEST_LEAF_MS,
  PURPOSES,
  type Authority,
  type AuthorityRequest,
  type Issued,
  type LeafPurpose,
  type LeafRequest,
} from './authority.ts';
export { AuthorityFolder, type IssuedCertificate, type KnownAuthority, type RotationStep } from './authority-folder.ts';
export { readCertificate, type CertificateFacts } from '../trust/read-certificate.ts';
export { CERTIFICATE_MODE, KEY_MODE, replaceFile } from './private-files.ts';
