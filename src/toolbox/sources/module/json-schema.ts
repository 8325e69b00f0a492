/**
 * JSON Schema 2020-12 as a module's author wrote it, checked by ajv. One ajv for the process, loaded
 * and fed at the first call of a tool: a server with a thousand tools starts without compiling any.
 */
import { createRequire } from 'node:module';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { BoundedCache, didYouMean, isRecord, type JsonObject } from '#kernel';
import { toolboxError } from '../../errors.ts';
import { guardedPattern, startPatternBudget } from '../../parameters/index.ts';
import { memberPath, Violations } from '../../parameters/violations.ts';
import type { Violation } from '../../snapshot.ts';
import { ConfigurationFault } from '../../tools/tool-type.ts';

const MAX_COMPILED = 2000;
/** Up to this size all violations are told; beyond it the first. */
const LISTED_ARGUMENTS = 64 * 1024;

/**
 * `first` stops at the first violation: a hostile list of a million wrong items must not become a
 * million error objects. `all` is for arguments that are small enough to be somebody's mistake.
 */
type Depth = 'first' | 'all';

/**
 * Who wrote the schema. Patterns of `theirs` run under the time limit of `pattern-guard.ts`: one that backtracks for
 * hours (CWE-1333) would hold everybody up, and whoever wrote it may write the text that it is tried on as well.
 */
export type SchemaAuthor = 'ours' | 'theirs';

type Compiled = BoundedCache<JsonObject, ValidateFunction>;
const compiled: Readonly<Record<SchemaAuthor, Readonly<Record<Depth, Compiled>>>> = {
  ours: { first: new BoundedCache(MAX_COMPILED), all: new BoundedCache(MAX_COMPILED) },
  theirs: { first: new BoundedCache(MAX_COMPILED), all: new BoundedCache(MAX_COMPILED) },
};
const instances: Record<SchemaAuthor, Partial<Record<Depth, Ajv2020>>> = { ours: {}, theirs: {} };

/** A check against the schema; compiles it at its first call, and again should it fall out of the cache. */
export function jsonSchemaCheck(
  schema: JsonObject,
  author: SchemaAuthor = 'ours',
): (value: unknown) => readonly Violation[] {
  return (value) => {
    if (author === 'theirs') startPatternBudget();
    const first = validatorOf(schema, 'first', author);
    if (first(value)) return [];
    const small = JSON.stringify(value ?? null).length <= LISTED_ARGUMENTS;
    const validate = small ? validatorOf(schema, 'all', author) : first;
    if (small) validate(value);
    const violations = new Violations();
    for (const error of validate.errors ?? []) {
      const { path, message } = describe(error, schema);
      violations.add(path, message);
    }
    return violations.list();
  };
}

function validatorOf(schema: JsonObject, depth: Depth, author: SchemaAuthor): ValidateFunction {
  const known = compiled[author][depth].get(schema);
  if (known !== undefined) return known;
  const ajv = (instances[author][depth] ??= openAjv(depth, author));
  let validate: ValidateFunction;
  try {
    validate = ajv.compile(schema);
  } catch (cause) {
    throw toolboxError('TOOL_FAILED', `the tool's schema cannot be used: ${(cause as Error).message}`, { cause });
  } finally {
    // The instance forgets the schema at once: two tools may use one `$id`, and a reload brings the
    // next edition of both.
    ajv.removeSchema(schema);
  }
  compiled[author][depth].set(schema, validate);
  return validate;
}

/**
 * `strict: false` since annotations of others (`x-mcp-header`) are no mistakes; formats are annotations
 * in 2020-12 (§7.2.1); without `loadSchema` nothing is ever fetched.
 */
function openAjv(depth: Depth, author: SchemaAuthor): Ajv2020 {
  const require = createRequire(import.meta.url);
  const { Ajv2020: Ajv } = require('ajv/dist/2020.js') as { Ajv2020: typeof Ajv2020 };
  return new Ajv({
    strict: false,
    allErrors: depth === 'all',
    validateFormats: false,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
    ...(author === 'theirs' && { code: { regExp: GUARDED } }),
  });
}

/** Ajv puts the `code` into modules that it writes to files, which nobody asks it for. */
const GUARDED = Object.assign(guardedPattern, { code: 'guarded' });

function describe(error: ErrorObject, schema: JsonObject): Violation {
  const path = pathOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required': {
      const name = String(params['missingProperty']);
      return { path: path === '' ? name : memberPath(path, name), message: 'is missing' };
    }
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      const known = path === '' && isRecord(schema['properties']) ? Object.keys(schema['properties']) : [];
      return { path: path === '' ? name : memberPath(path, name), message: `is not known${didYouMean(name, known)}` };
    }
    case 'enum':
      return { path, message: `must be one of ${JSON.stringify(params['allowedValues'])}` };
    case 'const':
      return { path, message: `must be ${JSON.stringify(params['allowedValue'])}` };
    default:
      return { path, message: error.message ?? 'is not valid' };
  }
}

/** `/cities/2/name` as `cities[2].name`. */
function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'))
    .reduce((path, step) => {
      if (path === '') return step;
      return /^\d+$/.test(step) ? `${path}[${step}]` : memberPath(path, step);
    }, '');
}

/**
 * Throws `ConfigurationFault` for a `$ref` that leads out of the document: following it would let
 * whoever answers there decide what a tool accepts, and ask the network during a call.
 */
export function checkLocalReferences(field: string, schema: JsonObject): void {
  const ids = new Set<string>();
  const references = new Set<string>();
  collect(schema, ids, references);
  const root = typeof schema['$id'] === 'string' ? schema['$id'] : undefined;
  const known = new Set([...ids].map((id) => absolute(id, root)));
  for (const reference of references) {
    const target = absolute(reference.replace(/#.*$/, ''), root);
    if (target === '' || known.has(target)) continue;
    throw new ConfigurationFault(
      ['handler'],
      `\`${field}\` refers to \`${reference}\`, which is not part of it and is never fetched`,
      'Put the schema under `$defs` and refer to it by `#/$defs/…`.',
    );
  }
}

const absolute = (reference: string, root: string | undefined): string =>
  root === undefined ? reference : (URL.parse(reference, root)?.href ?? reference);

// Values, not schemas: what looks like a reference in them is none.
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples']);

function collect(value: unknown, ids: Set<string>, references: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, ids, references);
  } else if (isRecord(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (key === '$id' && typeof member === 'string') ids.add(member);
      else if ((key === '$ref' || key === '$dynamicRef') && typeof member === 'string') references.add(member);
      else if (!VALUES.has(key)) collect(member, ids, references);
    }
  }
}
