/** One operation as the fields of a tool, or the reason why it is none. */
import type { ParameterDeclaration } from '#contract';
import { isRecord } from '#kernel';
import { textOf, type ApiDocument, type ApiOperation, type Node } from './api-document.ts';
import { parameterOf, readable, type DeclaredParameter } from './parameter-from-schema.ts';
import { importBody } from './request-body-import.ts';

/** The fields of a tool that come from its operation; absent ones are not written. */
export interface ImportedTool {
  readonly description: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly requestBody?: string;
  readonly pathParams?: readonly ParameterDeclaration[];
  readonly queryParams?: readonly ParameterDeclaration[];
  readonly bodyParams?: readonly ParameterDeclaration[];
  readonly headerParams?: readonly ParameterDeclaration[];
  readonly annotations?: Readonly<Record<string, boolean>>;
}

export interface ImportedOperation {
  readonly tool: ImportedTool;
  /** What the tool cannot do that the operation can. */
  readonly remarks: readonly string[];
}

type Place = 'path' | 'query' | 'header';

// OpenAPI 3.1 §4.8.12.1 says to ignore these; others belong to the connection.
const IGNORED_HEADERS: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization']);
const ANNOTATIONS: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  GET: { readOnlyHint: true },
  HEAD: { readOnlyHint: true },
  OPTIONS: { readOnlyHint: true },
  DELETE: { destructiveHint: true },
  PUT: { idempotentHint: true },
};
const MAX_DESCRIPTION = 1500;

export function importOperation(api: ApiDocument, operation: ApiOperation): ImportedOperation | string {
  const { method, node } = operation;
  if (method === 'TRACE') return 'the method TRACE is not sent';
  const remarks: string[] = [];
  const places: Record<Place, ParameterDeclaration[]> = { path: [], query: [], header: [] };
  const wireNames = new Map<string, string>();
  for (const parameter of operation.parameters) {
    if (isIgnored(parameter)) continue;
    const imported = importParameter(api, parameter);
    if (typeof imported === 'string') {
      const name = `\`${textOf(parameter['name']) ?? refOf(parameter)}\``;
      // One that cannot be read at all may be required.
      const isOptional = parameter['required'] !== true && parameter['in'] !== 'path' && parameter['in'] !== undefined;
      if (!isOptional) return `the parameter ${name}: ${imported}`;
      remarks.push(`left out the optional parameter ${name}: ${imported}`);
      continue;
    }
    const { place, declaration, dropped } = imported;
    remarks.push(...dropped.map((what) => `left out ${what}, which a parameter cannot hold`));
    places[place].push(declaration);
  }

  const taken = new Set([...places.query, ...places.header].map(({ name }) => name));
  if (taken.size < places.query.length + places.header.length) return 'two of its parameters have one name';
  const pathParams = places.path.map((declaration) => {
    const name = freeName(identifier(declaration.name), taken);
    taken.add(name);
    wireNames.set(declaration.name, name);
    return { ...declaration, name };
  });
  const path = importPath(operation.path, wireNames);
  if (path === undefined) return `the path \`${operation.path}\` names a parameter that is not declared`;
  const body = importBody(api, node['requestBody'], taken);
  if (typeof body === 'string') return body;
  if (body === undefined && node['requestBody'] !== undefined) remarks.push('left out the optional request body');
  remarks.push(...(body?.dropped ?? []).map((what) => `left out ${what}, which a parameter cannot hold`));

  const tool: ImportedTool = {
    description: descriptionOf(operation),
    method,
    path,
    ...(body?.contentType !== undefined && { headers: { 'Content-Type': body.contentType } }),
    ...list('pathParams', pathParams),
    ...list('queryParams', places.query),
    ...list('headerParams', places.header),
    ...(body && list('bodyParams', body.bodyParams)),
    ...(body?.requestBody !== undefined && { requestBody: body.requestBody }),
    ...(ANNOTATIONS[method] && { annotations: ANNOTATIONS[method] }),
  };
  return { tool, remarks };
}

const list = (field: string, declarations: readonly ParameterDeclaration[]) =>
  declarations.length === 0 ? {} : { [field]: declarations };

const refOf = ({ unresolved }: Node): string => (isRecord(unresolved) && textOf(unresolved['$ref'])) || '?';

const isIgnored = ({ in: place, name }: Node): boolean =>
  place === 'header' && typeof name === 'string' && IGNORED_HEADERS.has(name.toLowerCase());

function importParameter(api: ApiDocument, parameter: Node): (DeclaredParameter & { place: Place }) | string {
  const { name, in: place, required, style, explode } = parameter;
  if (typeof name !== 'string' || name === '') return 'the declaration is not in the document';
  if (name.includes('${')) return 'the name looks like a reference to the environment';
  if (place === 'cookie') return 'it travels in a cookie';
  if (place !== 'path' && place !== 'query' && place !== 'header') return `its place is \`${String(place)}\``;
  const content = isRecord(parameter['content']) ? Object.entries(parameter['content']) : undefined;
  if (content !== undefined && content[0]?.[0] !== 'application/json') return 'its content is no JSON';
  const schema: unknown = content === undefined ? parameter['schema'] : api.resolve(content[0]?.[1])?.['schema'];
  const about = { description: textOf(parameter['description']), required: required === true || place === 'path' };
  const made = parameterOf(api, name, withExamples(schema ?? {}, parameter), about);
  if (typeof made === 'string') return made;
  const { type, description } = made.declaration;
  if (type !== 'array' && type !== 'map') return { ...made, place };
  // Lists in a query are repeated and JSON content is written as JSON. A list with commas is text that
  // the caller writes; no other compound can be said.
  const isForm = place === 'query' && content === undefined && (style ?? 'form') === 'form';
  if (type === 'array' && isForm && explode !== false) return { ...made, place };
  if (type === 'map' && place === 'query' && content !== undefined) return { ...made, place };
  if (type === 'array' && (isForm || place === 'header')) {
    const listed = `${description} Several are separated by commas.`;
    const text = parameterOf(api, name, { type: 'string' }, { ...about, description: listed });
    return typeof text === 'string' ? text : { ...text, place };
  }
  return `${type === 'array' ? 'a list' : 'an object'} is written there in a way that tools do not know`;
}

function withExamples(schema: unknown, { example }: Node): unknown {
  return example === undefined || !isRecord(schema) || schema['example'] !== undefined
    ? schema
    : { ...schema, example };
}

/** `/users/{user-id}` as a template; undefined when it names what nobody declared. */
function importPath(path: string, names: ReadonlyMap<string, string>): string | undefined {
  let known = true;
  const template = path.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const found = names.get(name);
    known &&= found !== undefined;
    return `{{.${found}}}`;
  });
  return known ? template : undefined;
}

/** A name that a template can hold. */
const identifier = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 1; taken.has(free); number++) free = number === 1 ? `path_${name}` : `path_${name}_${number}`;
  return free;
}

function descriptionOf({ method, path, node }: ApiOperation): string {
  const parts = [textOf(node['summary']), textOf(node['description'])].filter((part) => part !== undefined);
  const said = readable([...new Set(parts)].join('\n\n')) || `${method} ${path}`;
  const cut = said.length > MAX_DESCRIPTION ? `${said.slice(0, MAX_DESCRIPTION)}…` : said;
  return node['deprecated'] === true ? `Deprecated. ${cut}` : cut;
}
