/**
 * A tool that comes through an API: one document of `kind: tool`, read by the schemas and checks of files, beside
 * the files as they are. It takes nothing from the host that it comes to: no environment, no file, no secret, and
 * no module, which is code. Credentials belong to sources, and sources stand in files.
 */
import type { ToolDeclaration, ToolRegistration } from '#contract';
import { err, ok, type Result } from '#kernel';
import { checkTool } from './cross-check.ts';
import type { Lists } from './declarations.ts';
import type { DeclaredNames } from './declared-names.ts';
import { parseFile } from './parse.ts';
import { REFERENCE } from './placeholders.ts';
import type { RawDocument } from './raw-document.ts';
import { problemAt, wholeFile, type Problem } from './problems.ts';
import { kindOf, readDocument } from './read-document.ts';
import { checkReferences } from './references.ts';
import type { Catalog } from './type-names.ts';

export interface ToolDocument {
  readonly namespace: string;
  readonly name: string;
  /** YAML or JSON, one document. */
  readonly text: string;
  readonly registration?: ToolRegistration | undefined;
  /** What the registry says of it, whatever the document does. */
  readonly entry?: Partial<Pick<ToolDeclaration, 'owner' | 'status' | 'replacedBy'>>;
}

/** The declaration, or everything that is wrong with the document. Never throws. */
export type ReadTool = (document: ToolDocument) => Result<ToolDeclaration, readonly Problem[]>;

/** What stands around the document. */
export interface Surroundings {
  readonly catalog: Catalog;
  readonly names: DeclaredNames;
  readonly lists: Lists;
  readonly sourceType: (namespace: unknown, name: unknown) => string | undefined;
}

/** Headers that carry credentials, by their names: a value there would be a secret in a document. */
const CREDENTIAL_HEADER = /authorization|cookie|token|secret|password|api[-_]?key|credential/i;

/** Fields that the registry sets, each with what to do instead. */
const FIELDS_OF_THE_REGISTRY: Readonly<Record<string, string>> = {
  owner: 'the owner of a registered tool is who registers it',
  status: 'the status of a registered tool is changed by itself, without a new document',
  replacedBy: 'what replaces a deprecated tool is said together with its status',
};

export const toolReader =
  (around: Surroundings): ReadTool =>
  (document) => {
    const file = `${document.namespace}/${document.name}`;
    const parsed = parseFile({ file, directory: '/', bytes: Buffer.from(document.text) }, {});
    const [raw, ...others] = parsed.documents;
    if (parsed.problems.length > 0) {
      // What an environment would fill in is refused below, in words that fit.
      const own = parsed.problems.filter(({ code }) => code !== 'VARIABLE_UNSET');
      if (own.length > 0) return err(own);
    }
    if (raw === undefined || others.length > 0) {
      return err([problemAt(wholeFile(file), 'KIND_UNKNOWN', 'a tool is registered by one document of `kind: tool`')]);
    }
    return readOne(raw, document, around);
  };

function readOne(
  raw: RawDocument,
  { namespace, name, text, registration, entry }: ToolDocument,
  { catalog, names, lists, sourceType }: Surroundings,
): Result<ToolDeclaration, readonly Problem[]> {
  const { value } = raw;
  value['kind'] ??= 'tool';
  value['namespace'] ??= namespace;
  value['name'] ??= name;
  const kind = kindOf(raw);
  if (!kind.ok) return err([kind.error]);
  if (kind.value !== 'tool') {
    const message = `only tools are registered; a \`${kind.value}\` stands in a file`;
    return err([problemAt(raw.locate(['kind']), 'KIND_UNKNOWN', message)]);
  }
  const foreign = [...foreignFields(raw, { namespace, name }), ...hostReferences(raw, text)];
  if (foreign.length > 0) return err(foreign);
  const read = readDocument(raw, 'tool', catalog, sourceType);
  const found = [...(read.ok ? [] : read.error), ...checkReferences([{ kind: 'tool', document: raw }], names)];
  if (!read.ok || found.length > 0) return err(found);
  const declaration = {
    ...(read.value.declaration as ToolDeclaration),
    ...entry,
    ...(registration !== undefined && { registration }),
  };
  const problems = checkTool(declaration, lists);
  return problems.length > 0 ? err(problems) : ok(declaration);
}

/** Fields that say something else than where the document is registered, or than only the registry may say. */
function foreignFields(raw: RawDocument, place: { readonly namespace: string; readonly name: string }): Problem[] {
  const { value } = raw;
  const problems: Problem[] = [];
  for (const field of ['namespace', 'name'] as const) {
    if (value[field] === place[field]) continue;
    const message = `\`${field}\` is not \`${place[field]}\`, where the tool is to be registered`;
    problems.push(problemAt(raw.locate([field]), 'CONTRADICTION', message));
  }
  for (const [field, message] of Object.entries(FIELDS_OF_THE_REGISTRY)) {
    if (value[field] !== undefined) problems.push(problemAt(raw.locate([field]), 'FIELD_UNKNOWN', message));
  }
  if (value['type'] === 'module') {
    problems.push(problemAt(raw.locate(['type']), 'TYPE_UNKNOWN', 'a module is code, and stands in a file'));
  }
  return problems;
}

/** Texts that the loader would fill from the host, and credentials in the open. */
function hostReferences(raw: RawDocument, text: string): Problem[] {
  const refuse = (path: readonly (string | number)[], what: string): Problem =>
    problemAt(
      raw.locate(path),
      'SECRET_MISPLACED',
      `${what} has no place in a registered tool`,
      'Credentials belong to the source, in a file; the tool names the source.',
    );
  const problems: Problem[] = [];
  const visit = (value: unknown, path: readonly (string | number)[]): void => {
    if (typeof value === 'string') {
      if (/^(?:secret|file):\/\//.test(value)) problems.push(refuse(path, 'a secret or a file'));
    } else if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index]));
    else if (typeof value === 'object' && value !== null)
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
  };
  visit(raw.value, []);
  // By the text: whatever was in the place of a reference was filled in while it was parsed.
  if (new RegExp(REFERENCE.source).test(text)) problems.push(refuse([], 'a variable `${NAME}` of the environment'));
  const { headers } = raw.value;
  if (typeof headers === 'object' && headers !== null) {
    for (const header of Object.keys(headers))
      if (CREDENTIAL_HEADER.test(header)) problems.push(refuse(['headers', header], `the header \`${header}\``));
  }
  return problems;
}
