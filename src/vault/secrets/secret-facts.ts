import { resourceName } from '#contract';
import { vaultError } from '../errors.ts';
import type { LoadedSecret } from '../store/secrets-store.ts';
import type { SecretKind } from './material.ts';

// Printable text on one line: no control, format or line-separating characters.
const DESCRIPTION = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{0,200}$/u;

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** Everything about a secret but its values. */
export interface SecretFacts extends SecretName {
  readonly id: string;
  readonly kind: SecretKind;
  readonly description: string;
  readonly state: 'active' | 'disabled';
  /** Counts the changes of the secret, for ever upwards. */
  readonly generation: number;
  readonly createdAt: number;
  readonly changedAt: number;
  /** Those that have not been shredded, oldest first; the last is the latest. */
  readonly versions: readonly VersionFacts[];
}

export interface VersionFacts {
  readonly version: number;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** The end of the overlap with its successor; null for the latest. */
  readonly endsAt: number | null;
}

export const nameOf = ({ namespace, name }: SecretName): SecretName => ({ namespace, name });

export function factsOf({ secret, versions }: LoadedSecret): SecretFacts {
  return {
    id: secret.id,
    namespace: secret.namespace,
    name: secret.name,
    kind: secret.kind,
    description: secret.description,
    state: secret.state === 'active' ? 'active' : 'disabled',
    generation: secret.generation,
    createdAt: secret.createdAt,
    changedAt: secret.changedAt,
    versions: versions.map(({ version, createdAt, expiresAt, endsAt }) => ({ version, createdAt, expiresAt, endsAt })),
  };
}

/** Throws `SECRET_NAME_REFUSED` unless both could stand in a configuration. */
export function checkSecretName(secret: SecretName): void {
  for (const part of [secret.namespace, secret.name]) {
    const checked = resourceName.safeParse(part);
    if (checked.success) continue;
    throw vaultError('SECRET_NAME_REFUSED', `${quote(part)}: ${checked.error.issues[0]?.message}`);
  }
}

/** Throws `SECRET_NAME_REFUSED` unless it is one printable line. */
export function checkDescription(description: string): void {
  if (DESCRIPTION.test(description)) return;
  throw vaultError('SECRET_NAME_REFUSED', 'a description has at most 200 printable characters on one line');
}

/** The caller's value as it can stand in a message: short, and without what steers a terminal. */
export const quote = (value: string): string =>
  `\`${value.slice(0, 260).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}')}\``;
