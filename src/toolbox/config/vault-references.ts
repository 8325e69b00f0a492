/** Secrets in documents: where `secret://namespace/name` may stand and does, and which lines hold one themselves. */
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

/** A value that says where the secret is, and not what. */
const ELSEWHERE = /^(?:secret|file):\/\/|^\$\{\w+\}$/;

/**
 * The lines on which a secret itself begins, whatever the name of its field: they are not repeated in
 * problems, which end up in logs, not even for something else on the same line.
 */
export function linesOfSecrets(document: RawDocument, schemas: readonly z.core.$ZodType[]): ReadonlySet<number> {
  const paths = textsIn(document.value, (text) => text !== '').filter(
    (path) =>
      schemas.some((schema) => takesVaultSecret(schema, path)) &&
      !ELSEWHERE.test(document.member(path)?.environment?.written ?? String(valueAt(document.value, path))),
  );
  return new Set(paths.map((path) => document.lineOf(path)));
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
const referencesIn = (root: unknown): FieldPath[] => textsIn(root, (text) => text.startsWith(SECRET_SCHEME));

function textsIn(root: unknown, wanted: (text: string) => boolean): FieldPath[] {
  const found: FieldPath[] = [];
  const visit = (value: unknown, path: FieldPath): void => {
    if (typeof value === 'string') {
      if (wanted(value)) found.push(path);
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => visit(item, [...path, index]));
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
    }
  };
  visit(root, []);
  return found;
}
