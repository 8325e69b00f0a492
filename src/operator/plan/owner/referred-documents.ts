/**
 * Documents that a resource refers to. Of each the kind is looked at, and it is written anew into the ConfigMap of the
 * operator: whoever may write a ConfigMap says who may call, and not where tokens of callers are sent.
 */
import { parseAllDocuments } from 'yaml';
import { isRecord, type JsonObject } from '#kernel';
import type { PlanFault } from '../plan.ts';
import type { ConfigurationDocument } from '../parts/configuration-text.ts';
import { documentFaults } from '../parts/document-faults.ts';
import type { ReferredText } from './facts.ts';

export interface ReferredDocuments {
  readonly documents: readonly ConfigurationDocument[];
  readonly faults: readonly PlanFault[];
}

export function referredDocuments(
  texts: readonly (ReferredText & { readonly path: string })[],
  kind: 'policy' | 'toolset',
): ReferredDocuments {
  const documents: ConfigurationDocument[] = [];
  const faults: PlanFault[] = [];
  for (const { ref, text, path } of texts) {
    const where = `\`${ref.key}\` of the ConfigMap \`${ref.name}\``;
    const fault = (message: string): unknown => faults.push({ path, message: `${where}: ${message}` });
    const parsed = read(text);
    if (parsed === undefined) fault('this is no YAML of which there is one reading');
    else if (parsed.length === 0) fault(`there is no document of \`kind: ${kind}\``);
    for (const document of parsed ?? []) {
      if (!isRecord(document) || document['kind'] !== kind)
        fault(`it is to hold documents of \`kind: ${kind}\`, and nothing else`);
      else {
        const taken = { ...document, kind } as ConfigurationDocument;
        for (const { message } of documentFaults([taken])) fault(message);
        documents.push(taken);
      }
    }
  }
  const names = documents.map(({ name, namespace = 'default' }) => JSON.stringify([namespace, name]));
  for (const [index, name] of names.entries())
    if (names.indexOf(name) !== index)
      faults.push({ path: 'spec', message: `two documents of \`kind: ${kind}\` are called ${name}` });
  return { documents, faults };
}

/** As the loader of configurations has it: no tags, no merge keys, few aliases. Undefined where it cannot be read. */
function read(text: string): readonly JsonObject[] | undefined {
  try {
    const documents = parseAllDocuments(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      uniqueKeys: true,
      strict: true,
    });
    if (!Array.isArray(documents)) return [];
    return documents.flatMap((document) => {
      const [fault] = [...document.errors, ...document.warnings];
      if (fault !== undefined) throw fault;
      const value: unknown = document.toJS({ maxAliasCount: 100 });
      return value === null ? [] : [JSON.parse(JSON.stringify(value)) as JsonObject];
    });
  } catch {
    return undefined;
  }
}
