import type { z } from 'zod';
import { err, ok, type Result } from '#kernel';
import { KINDS, kindNamed, type Kind } from '#contract';
import { applySchema } from './apply-schema.ts';
import { declared, type AnyDeclaration } from './declarations.ts';
import type { RawDocument } from './raw-document.ts';
import { listed, problemAt, suggest, type Problem } from './problems.ts';
import { hideEnvironment } from './schema-issues.ts';
import { readSecretFiles } from './secret-files.ts';
import { findToolType, unfitToolType, unknownSourceType, type Catalog } from './type-names.ts';
import { linesOfSecrets, misplacedReferences, namedSecrets, type NamedSecret } from './vault-references.ts';

type Reading = Result<Record<string, unknown>, readonly Problem[]>;

export interface ReadDocument {
  readonly declaration: AnyDeclaration;
  readonly secretFiles: readonly string[];
  /** Where it names secrets of the vault. */
  readonly secrets: readonly NamedSecret[];
}

/** The kind of a document, or why it has none. */
export function kindOf(document: RawDocument): Result<Kind, Problem> {
  const written = document.value['kind'];
  const kind = typeof written === 'string' ? kindNamed(written) : undefined;
  if (kind) {
    // Toolbox once wrote `kind: tools`; the schemas know the one spelling.
    document.value['kind'] = kind;
    return ok(kind);
  }
  const problem = (message: string) => problemAt(document.locate(['kind']), 'KIND_UNKNOWN', message);
  if (typeof written !== 'string') return err(problem(`\`kind\` is one of ${listed(Object.keys(KINDS))}`));
  return err(problem(`there is no kind \`${written}\`${suggest(written, Object.keys(KINDS), 'kinds')}`));
}

/**
 * Reads one flat document. `sourceTypes` gives the type of a source by namespace and name, where one
 * of that name is declared: a tool type's fields may depend on what it runs on.
 */
export function readDocument(
  document: RawDocument,
  kind: Kind,
  catalog: Catalog,
  sourceTypes: (namespace: unknown, name: unknown) => string | undefined,
): Result<ReadDocument, readonly Problem[]> {
  const reading = readFields(document, kind, catalog, sourceTypes);
  if (!reading.ok) return reading;
  // Where a type has fields of its own, secrets are among them.
  const { files, unreadable } = readSecretFiles(
    Object.hasOwn(reading.value, 'fields') ? reading.value['fields'] : reading.value,
  );
  if (unreadable.length > 0) {
    return err(unreadable.map(({ path, message }) => problemAt(document.locate(path), 'SECRET_UNREADABLE', message)));
  }
  const declaration = { ...declared(document), ...(reading.value as Record<string, unknown> & { kind: Kind }) };
  return ok({ declaration, secretFiles: files, secrets: namedSecrets(document) });
}

function readFields(
  document: RawDocument,
  kind: Kind,
  catalog: Catalog,
  sourceTypes: (namespace: unknown, name: unknown) => string | undefined,
): Reading {
  const { schema } = KINDS[kind];
  const { value } = document;
  switch (schema.of) {
    case 'kind':
      return apply(document, value, schema.schema);
    case 'type': {
      if ((value['type'] === undefined || value['type'] === null) && schema.fallback !== undefined)
        value['type'] = schema.fallback;
      const type = value['type'];
      const chosen = typeof type === 'string' && Object.hasOwn(schema.types, type) ? schema.types[type] : undefined;
      if (chosen) return apply(document, value, chosen);
      return err(
        typeProblems(
          document,
          (name) => `there is no ${kind} type \`${name}\`${suggest(name, Object.keys(schema.types), 'types')}`,
        ),
      );
    }
    default:
      return kind === 'source'
        ? readSource(document, schema.common, catalog)
        : readTool(document, schema.common, catalog, sourceTypes);
  }
}

function readSource(document: RawDocument, common: z.ZodObject, catalog: Catalog): Reading {
  const type = catalog.find((source) => source.type === document.value['type']);
  const unknown = type ? [] : typeProblems(document, (name) => unknownSourceType(name, catalog) ?? '');
  return readCatalogued(document, common, type?.schema, unknown);
}

function readTool(
  document: RawDocument,
  common: z.ZodObject,
  catalog: Catalog,
  sourceTypes: (namespace: unknown, name: unknown) => string | undefined,
): Reading {
  const { type: name, source, namespace } = document.value;
  const sourceType = sourceTypes(namespace, source);
  // A source of a type that does not exist is reported where it stands; its tools cannot be judged.
  if (sourceType !== undefined && !catalog.some((candidate) => candidate.type === sourceType)) {
    return readCatalogued(document, common, undefined, []);
  }
  const type = typeof name === 'string' ? findToolType(name, catalog, sourceType) : undefined;
  const runsOn = sourceType === undefined ? undefined : { name: String(source), type: sourceType };
  const found = type ? [] : typeProblems(document, (given) => unfitToolType(given, catalog, runsOn) ?? '');
  return readCatalogued(document, common, type?.schema, found);
}

/** Common fields by the common schema, the rest by the type's; without a type the rest stays unread. */
function readCatalogued(
  document: RawDocument,
  common: z.ZodObject,
  own: z.ZodType | undefined,
  found: readonly Problem[],
): Reading {
  const shared: Record<string, unknown> = {};
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(document.value)) {
    if (Object.hasOwn(common.shape, key)) shared[key] = value;
    else fields[key] = value;
  }
  const schemas = own === undefined ? [common] : [common, own];
  document.hideLines(() => linesOfSecrets(document, schemas));
  const misplaced = misplacedReferences(document, schemas);
  const problems = [...found, ...misplaced];
  const readShared = applySchema({ document, value: shared, schema: common });
  if (!readShared.ok)
    problems.push(...readShared.error.filter((problem) => found.length === 0 || !isAbout(problem, found)));
  if (!own) return err(problems);
  const readOwn = applySchema({ document, value: fields, schema: own, siblings: Object.keys(common.shape) });
  if (!readOwn.ok) problems.push(...readOwn.error.filter((problem) => !standsAt(problem, misplaced)));
  if (problems.length > 0 || !readShared.ok || !readOwn.ok) return err(problems);
  return ok({ ...readShared.value, fields: readOwn.value });
}

// A missing `type` is one problem, not one of the schema and one of the catalogue.
const isAbout = (problem: Problem, found: readonly Problem[]): boolean =>
  found.some((other) => other.line === problem.line && other.column === problem.column && other.code === problem.code);

const standsAt = (problem: Problem, others: readonly Problem[]): boolean =>
  others.some(({ line, column }) => line === problem.line && column === problem.column);

function apply(document: RawDocument, value: unknown, schema: z.ZodType): Reading {
  document.hideLines(() => linesOfSecrets(document, [schema]));
  const misplaced = misplacedReferences(document, [schema]);
  if (misplaced.length > 0) return err(misplaced);
  const read = applySchema({ document, value, schema });
  return read.ok ? ok(read.value as Record<string, unknown>) : read;
}

/** What is wrong with `type`; nothing where an unset variable was reported for it. */
function typeProblems(document: RawDocument, explain: (name: string) => string): Problem[] {
  const { type } = document.value;
  const place = document.locate(['type']);
  const environment = document.member(['type'])?.environment;
  if (environment?.unset === true) return [];
  if (type === undefined || type === null) return [problemAt(place, 'FIELD_MISSING', '`type` is missing')];
  if (typeof type !== 'string') return [problemAt(place, 'FIELD_WRONG', '`type` takes text')];
  return [problemAt(place, 'TYPE_UNKNOWN', hideEnvironment(explain(type), type, environment?.written))];
}
