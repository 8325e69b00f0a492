/**
 * operator/certificates: which authorities and certificates there have to be, and what to do about it now.
 *
 * Decides and issues; reads and writes nothing. `decideAuthority` (`authority-steps.ts`) takes what is stored and gives
 * who signs, whom to trust, and the one step that comes next; `decideLeaf` (`leaf.ts`) does so for a certificate.
 * Whoever calls them writes the step (`secret.ts`) and asks again, until there is none. What is known of a rotation is in
 * the Secret of the authority alone, so an end between any two steps loses nothing:
 *
 *     create | prepare → (bundles) → distributed → activate → (leaves) → replaced → retire
 *
 * Bundles (`bundle.ts`) are made of what is stored, never of what is about to be: a root is trusted before it signs, and
 * until nothing it signed is shown. `cert-manager.ts` has the same from an issuer of cert-manager: it offers an
 * intermediate authority, which goes through the same steps. `wishes.ts` says what each of our kinds wants.
 *
 * A view that is old regenerates no key (OPR-007): every write says what it was decided on, and is refused otherwise.
 */
export { bundleData, holdsRoots, readBundle, BUNDLE_KEY, OWN_ROOTS_KEY } from './bundle.ts';
export { decideAuthority } from './authority-steps.ts';
export type {
  AuthorityDecision,
  AuthoritySource,
  AuthorityStep,
  AuthorityView,
  AuthorityWish,
} from './authority-wish.ts';
export { readAuthorityState, type AuthorityState, type SigningAuthority } from './authority-state.ts';
export {
  certificateReadiness,
  intermediateCertificate,
  offeredAuthority,
  publicCertificate,
  serverCertificate,
  type CertificateReadiness,
} from './cert-manager.ts';
export { decideLeaf, type LeafDecision, type LeafReason, type LeafWish } from './leaf.ts';
export {
  keptSecret,
  secretObject,
  writeSecret,
  type KeptSecret,
  type Precondition,
  type SecretWrite,
  type SecretWriter,
} from './secret.ts';
export { authServerWishes, ownerCertificateWish, type AuthServerWishes } from './wishes.ts';
export { printRoots, type Root } from './roots.ts';
