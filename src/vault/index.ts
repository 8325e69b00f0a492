/**
 * vault: keys, and what they protect.
 *
 * Owns wrapping keys (`wrappers/`: a port and its adapters), data keys and the encryption of columns
 * with them (`envelope/`), changing either while serving (`rotation/`), and the secrets of tools,
 * sources and servers (`secrets/`). Plaintext leaves as `Secret` alone, and through two doors: the
 * `SecretReader` for code that runs tools, and `Envelope.open` for modules with sealed columns.
 * Does not own: who may do what (`MayUse`, a port to policy), the record of what was done
 * (`RecordChange`, a port to audit), how bytes reach a remote key service (`HttpPost`).
 * Tables: `data_keys`, `secrets`, `secret_versions`, `vault_leases`, queried in `store/` alone.
 * NIST SP 800-38D (GCM), RFC 5869 (HKDF). How it holds, and what it does not hold against: docs/vault.md.
 */
import type { vaultRoutes } from './routes/index.ts';

export { namespaceScope, openVault, subjectScope, type Vault, type VaultOptions } from './vault.ts';
export type { RecordChange, SecretChange, VaultChange } from './changes.ts';
export type { Envelope, Sealing } from './envelope/envelope.ts';
export type { Place, Scope } from './envelope/place.ts';
export type { SealedColumn, SealedRow } from './rotation/sealed-column.ts';
export { parseSecretMaterial, SECRET_KINDS, type SecretKind, type SecretMaterial } from './secrets/material.ts';
export { formatSecretReference, parseSecretReference, type SecretReference } from '#contract';
export type { SecretFacts, SecretName, VersionFacts } from './secrets/secret-facts.ts';
export {
  sameNamespace,
  type MayUse,
  type ReadVersion,
  type SecretReader,
  type SecretUse,
} from './secrets/secret-reader.ts';
export { startShredding, type ShreddingOptions } from './secrets/start-shredding.ts';
export { secretStanding, type SecretStanding } from './secrets/standing.ts';
export type { CheckSecret, PutSecret, SecretService } from './secrets/secret-service.ts';
export type { AwsCredentials } from './wrappers/aws-signature.ts';
export type { HttpPost, KeyWrapper } from './wrappers/key-wrapper.ts';
export { httpsPost } from './wrappers/https-post.ts';
export type { WrapperSettings } from './wrappers/open-wrapper.ts';
export { countWrapperUses, type WrapperUse } from './store/data-keys-store.ts';
export { vaultAfterRestore } from './store/after-restore.ts';
export { countMissingSubjectKeys } from './store/missing-keys.ts';

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadVaultRoutes = async (
  ...parts: Parameters<typeof vaultRoutes>
): Promise<ReturnType<typeof vaultRoutes>> => (await import('./routes/index.ts')).vaultRoutes(...parts);
