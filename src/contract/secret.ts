/**
 * Secrets of the vault as the rest sees them: how one is named, what it holds, and the port through
 * which code that runs tools gets one. The vault implements it; the toolbox, which may not know the
 * vault, takes it.
 */
import { err, ok, type Result, type Secret } from '#kernel';
import { resourceName } from './config/common.ts';

/** A secret by name, and one version of it where that matters; the latest otherwise. */
export interface SecretReference {
  readonly namespace: string;
  readonly name: string;
  readonly version?: number;
}

/** How every reference begins. */
export const SECRET_SCHEME = 'secret://';

const REFERENCE = /^secret:\/\/([^/#?]+)\/([^/#?]+)(?:#([1-9][0-9]{0,8}))?$/;

/**
 * The parts of `secret://namespace/name` or `secret://namespace/name#version`, or what is wrong with
 * it. Nothing is decoded or folded: a secret has one spelling.
 */
export function parseSecretReference(text: string): Result<SecretReference, string> {
  const [, namespace, name, version] = REFERENCE.exec(text) ?? [];
  if (namespace === undefined || name === undefined) {
    return err('a secret is named `secret://NAMESPACE/NAME` or `secret://NAMESPACE/NAME#VERSION`');
  }
  for (const part of [namespace, name]) {
    const checked = resourceName.safeParse(part);
    if (!checked.success) return err(`\`${part.slice(0, 80)}\`: ${checked.error.issues[0]?.message}`);
  }
  return ok({ namespace, name, ...(version === undefined ? {} : { version: Number(version) }) });
}

export const formatSecretReference = ({ namespace, name, version }: SecretReference): string =>
  `${SECRET_SCHEME}${namespace}/${name}${version === undefined ? '' : `#${version}`}`;

/** What a secret holds, by its kind. What must not be seen is a `Secret`; user names and certificates may. */
export type SecretMaterial =
  | { readonly kind: 'api-key'; readonly key: Secret }
  | { readonly kind: 'basic'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'bearer'; readonly token: Secret }
  | { readonly kind: 'oauth-client'; readonly clientId: string; readonly clientSecret: Secret }
  | { readonly kind: 'mtls'; readonly certificate: string; readonly privateKey: Secret }
  | { readonly kind: 'password'; readonly password: Secret };

/** Who wants a secret. */
export interface SecretHolder {
  /** The namespace of the source or server that wants it. */
  readonly namespace: string;
  /** What wants it, for policy and record: `source warehouse`. */
  readonly by: string;
  /** Names one opening of the source: its use of a version is put on record once. */
  readonly connection: string;
}

/** A version of a secret in the hands of its user. */
export interface HeldSecret {
  readonly material: SecretMaterial;
  /** Names secret and version: it differs exactly when the material may. */
  readonly version: string;
  /** From when on it must not be used any more, in milliseconds since the epoch; undefined for no end. */
  readonly endsAt: number | undefined;
}

/** What code that runs tools needs of the vault. */
export interface SecretReader {
  /**
   * The latest version, or the one that the reference names. The use is on record when it returns.
   *
   * Rejects with `SECRET_UNKNOWN`, which is also the answer for a secret that the holder may not use,
   * `SECRET_DISABLED`, `SECRET_EXPIRED`, and as the vault and the audit log do.
   */
  read(reference: SecretReference, holder: SecretHolder): Promise<HeldSecret>;
}
