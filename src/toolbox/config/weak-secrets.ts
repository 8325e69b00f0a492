/**
 * Secrets that anybody could guess, judged as they are after variables and files were put in. Where the
 * strength is ours to demand, the start is refused; the password of somebody else's server is theirs
 * to choose, and a warning.
 */
import type { FieldPath, Kind } from '#contract';
import { isWellKnownSecret, Secret, weaknessOfSecret } from '#kernel';
import { problemAt, type Problem } from './problems.ts';
import type { RawDocument } from './raw-document.ts';
import { showPath, valueAt } from './schema-issues.ts';

/** A field that holds a secret, and who chose it. A new one is one line in `SECRET_PLACES`. */
export interface SecretPlace {
  readonly kind: Kind;
  /** `*` stands for every member of a list. */
  readonly path: FieldPath;
  /** `ours`: we sign, seal or verify with it. `theirs`: it opens a server that is not ours. */
  readonly whose: 'ours' | 'theirs';
}

export const SECRET_PLACES: readonly SecretPlace[] = [
  { kind: 'server', path: ['vault', 'keyWrapper', 'key'], whose: 'ours' },
  { kind: 'server', path: ['vault', 'previousKeyWrappers', '*', 'key'], whose: 'ours' },
  { kind: 'server', path: ['audit', 'anchors', '*', 'secret'], whose: 'ours' },
  { kind: 'client', path: ['clientSecret'], whose: 'ours' },
  { kind: 'server', path: ['database', 'password'], whose: 'theirs' },
  { kind: 'server', path: ['database', 'migration', 'password'], whose: 'theirs' },
  { kind: 'source', path: ['password'], whose: 'theirs' },
  { kind: 'authService', path: ['introspectionClientSecret'], whose: 'theirs' },
  { kind: 'upstream', path: ['clientSecret'], whose: 'theirs' },
];

export interface WeakSecrets {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** `values`: the fields of the document as the schema gave them. Lines of secrets are not shown. */
export function weakSecrets(
  { kind, document, values }: { kind: Kind; document: RawDocument; values: unknown },
  places: readonly SecretPlace[] = SECRET_PLACES,
): WeakSecrets {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const found = places
    .filter((place) => place.kind === kind)
    .flatMap(({ path, whose }) => pathsOf(values, path).map((one) => ({ path: one, whose })));
  for (const { path, whose } of found) {
    const value = valueAt(values, path);
    // A field that was left out may have got a default: nobody wrote it.
    if (!(value instanceof Secret) || valueAt(document.value, path) === undefined) continue;
    const place = { ...document.locate(path), excerpt: '' };
    const field = `\`${showPath(path)}\``;
    const weakness = whose === 'ours' ? weaknessOfSecret(value) : undefined;
    if (weakness !== undefined) {
      const hint =
        'Make one with `openssl rand -base64 32`, and refer to it as `${NAME}` or `file:///run/secrets/name`.';
      problems.push(problemAt(place, 'UNENFORCEABLE', `${field} can be guessed: ${weakness}`, hint));
    }
    if (whose === 'theirs' && isWellKnownSecret(value))
      warnings.push(problemAt(place, 'UNENFORCEABLE', `${field} is a password that everybody tries first`));
  }
  return { problems, warnings };
}

/** The paths that a path with `*` stands for. */
function pathsOf(values: unknown, path: FieldPath): readonly FieldPath[] {
  const at = path.indexOf('*');
  if (at === -1) return [path];
  const list = valueAt(values, path.slice(0, at));
  if (!Array.isArray(list)) return [];
  return list.flatMap((_, index) => pathsOf(values, [...path.slice(0, at), index, ...path.slice(at + 1)]));
}
