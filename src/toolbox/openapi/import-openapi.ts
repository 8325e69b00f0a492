import { stringify } from 'yaml';
import { absoluteUrl, resourceName } from '#contract';
import { err, ok, type Result } from '#kernel';
import { loadFault } from './load-check.ts';
import { readApiDocument, textOf, type ApiDocument, type ApiOperation } from './api-document.ts';
import { importOperation } from './operation.ts';
import { readable } from './parameter-from-schema.ts';
import { importSecurity } from './security.ts';

export interface ImportOptions {
  /** The name of the source; made from the title otherwise. */
  readonly name?: string;
  /** Where the API is, when its document does not say or somebody else hosts it. */
  readonly baseUrl?: string;
}

export interface ImportNote {
  /** `GET /pets`, or empty for the document as a whole. */
  readonly operation: string;
  /** `skipped`: there is no tool for it. `partly`: there is one, and this is what it lacks. */
  readonly outcome: 'skipped' | 'partly';
  readonly reason: string;
}

export interface ImportedApi {
  /** Configuration documents, ready for a file. */
  readonly yaml: string;
  readonly source: string;
  /** Names of the tools, in the order of the document. */
  readonly tools: readonly string[];
  readonly notes: readonly ImportNote[];
  /** Environment variables that the file refers to. */
  readonly environment: readonly string[];
}

/**
 * Rewrites an OpenAPI 3 document, YAML or JSON, as configuration. The error says why the text cannot
 * be imported at all; what is wrong with single operations stands in `notes`.
 */
export function importOpenApi(text: string, options: ImportOptions = {}): Result<ImportedApi, string> {
  const wrong = checkOptions(options);
  if (wrong !== undefined) return err(wrong);
  const read = readApiDocument(text);
  if (!read.ok) return read;
  const api = read.value;
  const source = options.name ?? slug(api.title, 'api');
  const prefix = slug(source, 'api')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .replace(/^(?=\d)/, '_');
  const notes: ImportNote[] = [];
  const server = commonServer(api.operations);
  const { tools, requirements } = importTools(api, { source, server }, notes);
  if (tools.length === 0) return err(noTools(notes));

  const security = importSecurity(api, requirements, prefix);
  for (const reason of security.remarks) notes.push({ operation: '', outcome: 'partly', reason });
  const baseUrl = options.baseUrl ?? server;
  if (baseUrl === undefined) {
    notes.push({ operation: '', outcome: 'partly', reason: `the document names no server; set \`${prefix}_URL\`` });
  }
  const documents = [
    {
      kind: 'source',
      name: source,
      type: 'http',
      baseUrl: baseUrl ?? `\${${prefix}_URL}`,
      ...(Object.keys(security.headers).length > 0 && { headers: security.headers }),
      ...(Object.keys(security.queryParams).length > 0 && { queryParams: security.queryParams }),
    },
    ...tools,
  ];
  const yaml = `# ${readable(api.title)} ${readable(api.version)}`.trimEnd().replaceAll('\n', ' ');
  const body = documents
    .map((document) => stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
  return ok({
    yaml: `${yaml}\n${body}`,
    source,
    tools: tools.map(({ name }) => name),
    notes,
    environment: [...new Set(body.match(/(?<=\$\{)\w+(?=\})/g))],
  });
}

function checkOptions({ name, baseUrl }: ImportOptions): string | undefined {
  const named = resourceName.optional().safeParse(name);
  if (!named.success) return `\`${name}\` cannot be the name of a source: ${named.error.issues[0]?.message}`;
  const placed = absoluteUrl('http', 'https').optional().safeParse(baseUrl);
  return placed.success ? undefined : `\`${baseUrl}\` is not an absolute http or https URL`;
}

function importTools(
  api: ApiDocument,
  { source, server }: { readonly source: string; readonly server: string | undefined },
  notes: ImportNote[],
) {
  const names = new Set<string>();
  const requirements: unknown[] = [];
  const tools = api.operations.flatMap((operation) => {
    const where = `${operation.method} ${operation.path}`;
    const imported =
      operation.server === server
        ? importOperation(api, operation)
        : `it is asked at \`${operation.server ?? 'a relative server'}\`, and one source is one server`;
    const reason = typeof imported === 'string' ? imported : loadFault(imported.tool);
    if (typeof imported === 'string' || reason !== undefined) {
      notes.push({ operation: where, outcome: 'skipped', reason: reason as string });
      return [];
    }
    for (const reason of imported.remarks) notes.push({ operation: where, outcome: 'partly', reason });
    requirements.push(operation.node['security'] ?? api.root['security']);
    return [{ kind: 'tool', name: nameOf(operation, names), type: 'http', source, ...imported.tool }];
  });
  return { tools, requirements };
}

function noTools(notes: readonly ImportNote[]): string {
  if (notes.length === 0) return 'the document has no operations';
  const first = notes.slice(0, 3).map(({ operation, reason }) => `${operation}: ${reason}`);
  return `none of its operations can be a tool (${first.join('; ')}${notes.length > 3 ? '; …' : ''})`;
}

/** `operationId` in the grammar of names, or method and path; a number makes it the only one. */
function nameOf({ method, path, node }: ApiOperation, taken: Set<string>): string {
  const base = slug(textOf(node['operationId']) ?? `${method.toLowerCase()} ${path}`, 'operation').slice(0, 120);
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
  taken.add(name);
  return name;
}

function slug(text: string, fallback: string): string {
  const made = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[_.-]+|[_.-]+$/g, '');
  return made === '' ? fallback : made.slice(0, 128);
}

/** The server that most operations share. */
function commonServer(operations: readonly ApiOperation[]): string | undefined {
  const counts = new Map<string | undefined, number>();
  for (const { server } of operations) counts.set(server, (counts.get(server) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, left], [, right]) => right - left);
  return most?.[0];
}
