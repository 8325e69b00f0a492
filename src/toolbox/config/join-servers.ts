/** One `kind: server` of the command line and a file: who reads either must not wonder which of the two holds. */
import type { Kind } from '#contract';
import { problemAt, type Problem } from './problems.ts';
import type { RawDocument } from './raw-document.ts';

interface KindOfDocument {
  readonly kind: Kind;
  readonly document: RawDocument;
}

/**
 * Puts the fields of `joining` into the `kind: server` among `documents`, or that document among them where there is
 * none. Gives a problem for each field that both have, and leaves the one of the file.
 */
export function joinServers(documents: KindOfDocument[], joining: readonly KindOfDocument[]): readonly Problem[] {
  const problems: Problem[] = [];
  for (const joined of joining) {
    const written = documents.find(({ kind }) => kind === 'server');
    if (written === undefined) documents.push(joined);
    else problems.push(...join(written.document, joined.document));
  }
  return problems;
}

function join(into: RawDocument, from: RawDocument): readonly Problem[] {
  return Object.entries(from.value).flatMap(([field, value]) => {
    if (field === 'kind') return [];
    if (!Object.hasOwn(into.value, field)) {
      into.value[field] = value;
      return [];
    }
    const message = `\`${field}\` is said by ${from.source.file} already`;
    return [problemAt(into.locate([field]), 'CONTRADICTION', message, 'Take it out of one of the two.')];
  });
}
