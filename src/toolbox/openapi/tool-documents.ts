import { parseAllDocuments } from 'yaml';
import { isRecord, ok, type JsonObject, type Result } from '#kernel';
import { importOpenApi, type ImportNote } from './import-openapi.ts';

export interface OpenApiTools {
  /** `kind: tool`, one an operation, by name. */
  readonly documents: readonly { readonly name: string; readonly document: JsonObject }[];
  /** What was left out, and why. */
  readonly notes: readonly ImportNote[];
}

/** The operations of an OpenAPI document as tools on a source that is there already. Errors as `importOpenApi`. */
export function openApiTools(text: string, { source }: { readonly source: string }): Result<OpenApiTools, string> {
  const imported = importOpenApi(text, { name: source });
  if (!imported.ok) return imported;
  const documents = parseAllDocuments(imported.value.yaml).flatMap((parsed) => {
    const document: unknown = 'toJS' in parsed ? parsed.toJS() : undefined;
    if (!isRecord(document) || document['kind'] !== 'tool' || typeof document['name'] !== 'string') return [];
    return [{ name: document['name'], document: document as JsonObject }];
  });
  // Where the API is and what it is shown, the source says; notes on that are not about these tools.
  return ok({ documents, notes: imported.value.notes.filter(({ operation }) => operation !== '') });
}
