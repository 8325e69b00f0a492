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
    const result = schema?.safeParse(filled(document));
    if (result === undefined || result.success) return [];
    const name = typeof document['name'] === 'string' ? ` \`${document['name']}\`` : '';
    return result.error.issues.map(({ path, message }) => ({
      path: 'spec',
      message: `\`${path.join('.')}\` of \`kind: ${document.kind}\`${name}, which it would become: ${message}`,
    }));
  });

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
