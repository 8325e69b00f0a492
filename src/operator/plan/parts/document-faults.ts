/** What the schemas of documents have against those that a resource would become. */
import { KINDS, type Kind } from '#contract';
import type { PlanFault } from '../plan.ts';
import { EnvironmentReference, type ConfigurationDocument, type DocumentValue } from './configuration-text.ts';

/** In words of the document, since a field of it may come of several of the resource. */
export const documentFaults = (documents: readonly ConfigurationDocument[]): readonly PlanFault[] =>
  documents.flatMap((document) => {
    const { schema: known } = KINDS[document.kind as Kind];
    const type = document['type'];
    const schema =
      known.of === 'kind'
        ? known.schema
        : known.of === 'type'
          ? known.types[typeof type === 'string' ? type : '']
          : known.common;
    const name = typeof document['name'] === 'string' ? ` \`${document['name']}\`` : '';
    const fault = (path: string, message: string): PlanFault => ({
      path: 'spec',
      message: `\`${path}\` of \`kind: ${document.kind}\`${name}, which it would become: ${message}`,
    });
    const texts = textFaults(document).map(({ path, message }) => fault(path, message));
    const result = schema?.safeParse(filled(document));
    if (result === undefined || result.success) return texts;
    return [...texts, ...result.error.issues.map(({ path, message }) => fault(path.join('.'), message))];
  });

/** Files are UTF-8, and characters that Unicode leaves to programs mean something to the reader of them. */
const UNREADABLE = /[\ufdd0-\ufdef]/;
/** The one field of a document of ours that names a secret of the vault. */
const NAMES_A_SECRET = 'auth.secret';

function textFaults(value: DocumentValue, path = ''): readonly PlanFault[] {
  if (typeof value === 'string') {
    if (!value.isWellFormed() || UNREADABLE.test(value))
      return [{ path, message: 'there is a character that no text has' }];
    if (value.startsWith('secret://') && path !== NAMES_A_SECRET)
      return [{ path, message: 'a text that begins so would be a secret of the vault, and there is none of yours' }];
    return [];
  }
  if (typeof value !== 'object' || value === null || value instanceof EnvironmentReference) return [];
  return Object.entries(value).flatMap(([name, member]) => textFaults(member, path === '' ? name : `${path}.${name}`));
}

/** As it is after the environment was put in. */
function filled(value: DocumentValue): unknown {
  if (value instanceof EnvironmentReference) return 'https://10.0.0.1:7420';
  if (Array.isArray(value)) return value.map((one: DocumentValue) => filled(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) =>
      field === undefined ? [] : [[name, filled(field as DocumentValue)]],
    ),
  );
}
