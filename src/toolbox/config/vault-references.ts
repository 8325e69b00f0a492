/** `secret://namespace/name` in documents: where it may stand, and where it does. */
import type { z } from 'zod';
import {
  DEFAULT_NAMESPACE,
  parseSecretReference,
  SECRET_SCHEME,
  takesVaultSecret,
  type FieldPath,
  type Place,
  type SecretReference,
} from '#contract';
import { problemAt, type Problem } from './problems.ts';
import type { RawDocument } from './raw-document.ts';
import { showPath, valueAt } from './schema-issues.ts';

/** A secret of the vault that a configuration names. */
export interface NamedSecret {
  readonly reference: SecretReference;
  /** Whose namespace decides whether it may be used. */
  readonly namespace: string;
  /** What names it, for people: ``source `library` ``. */
  readonly by: string;
  readonly place: Place;
}

/**
 * The references of a document that stand where no secret is taken. There the text itself would be
 * used: sent to an API, say, or shown to callers.
 */
export function misplacedReferences(document: RawDocument, schemas: readonly z.core.$ZodType[]): Problem[] {
  return referencesIn(document.value)
    .filter((path) => !schemas.some((schema) => takesVaultSecret(schema, path)))
    .map((path) =>
      problemAt(
        document.locate(path),
        'SECRET_MISPLACED',
        `\`${showPath(path)}\` cannot be a secret of the vault`,
        'Passwords, keys, headers and query parameters of sources can. Elsewhere use `${NAME}` or `file:///run/secrets/name`.',
      ),
    );
}

/** The references of a document that was read without problems, in their order. */
export function namedSecrets(document: RawDocument): NamedSecret[] {
  const { kind, name, namespace } = document.value;
  return referencesIn(document.value).flatMap((path) => {
    const parsed = parseSecretReference(String(valueAt(document.value, path)));
    if (!parsed.ok) return [];
    return {
      reference: parsed.value,
      namespace: typeof namespace === 'string' ? namespace : DEFAULT_NAMESPACE,
      by: `${String(kind)} \`${String(name)}\``,
      place: document.locate(path),
    };
  });
}

/** The paths of texts that begin as a reference does. */
function referencesIn(root: unknown): FieldPath[] {
  const found: FieldPath[] = [];
  const visit = (value: unknown, path: FieldPath): void => {
    if (typeof value === 'string') {
      if (value.startsWith(SECRET_SCHEME)) found.push(path);
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => visit(item, [...path, index]));
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
    }
  };
  visit(root, []);
  return found;
}
