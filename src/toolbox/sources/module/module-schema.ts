/** The two ways to write a schema in a module, as one: what is published, and what checks a value. */
import { z } from 'zod';
import { err, isRecord, ok, type JsonObject, type Result } from '#kernel';
import { toolboxError } from '../../errors.ts';
import type { Violation } from '../../snapshot.ts';
import { ConfigurationFault } from '../../tools/tool-type.ts';
import { memberPath, Violations } from '../../parameters/violations.ts';
import type { Schema } from './api.ts';
import { checkLocalReferences, jsonSchemaCheck } from './json-schema.ts';

export interface ModuleSchema {
  /** JSON Schema 2020-12. */
  readonly published: JsonObject;
  /** The value that the handler sees, or every violation. */
  parse(value: unknown): Result<unknown, readonly Violation[]>;
}

/**
 * Reads a schema of a definition. Throws `ConfigurationFault` at `handler` for one that cannot be
 * published: a zod type without JSON, a reference out of the document. `direction`: arguments go in,
 * answers come out, and a zod schema with defaults publishes differently for each.
 */
export function moduleSchema(field: string, schema: Schema, direction: 'input' | 'output'): ModuleSchema {
  return isZod(schema) ? ofZod(field, schema, direction) : ofJsonSchema(field, schema);
}

/** Zod 4, from whichever copy: a module may bring its own. */
const isZod = (schema: Schema): schema is z.ZodType => isRecord(schema) && '_zod' in schema && 'safeParse' in schema;

function ofZod(field: string, schema: z.ZodType, io: 'input' | 'output'): ModuleSchema {
  let published: JsonObject;
  try {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
    published = rest as JsonObject;
  } catch (cause) {
    throw new ConfigurationFault(['handler'], `\`${field}\` has no JSON Schema: ${(cause as Error).message}`);
  }
  return {
    published,
    parse(value) {
      const parsed = safeParse(field, schema, value);
      if (parsed.success) return ok(parsed.data);
      const violations = new Violations();
      for (const { path, message } of parsed.error.issues) violations.add(pathOf(path), message);
      return err(violations.list());
    },
  };
}

/** A refinement is code of the module: it may throw, or turn out to be asynchronous. */
function safeParse(field: string, schema: z.ZodType, value: unknown): ReturnType<z.ZodType['safeParse']> {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    const why = cause instanceof z.core.$ZodAsyncError ? 'it is asynchronous' : 'a check of it failed';
    throw toolboxError('TOOL_FAILED', `\`${field}\` of the tool cannot be applied: ${why}`, { cause });
  }
}

const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((shown, step) => {
    if (typeof step === 'number') return `${shown}[${step}]`;
    return shown === '' ? String(step) : memberPath(shown, String(step));
  }, '');

function ofJsonSchema(field: string, schema: JsonObject): ModuleSchema {
  let published: JsonObject;
  try {
    // Detached from the module, which might change its object after what clients saw was listed.
    published = JSON.parse(JSON.stringify(schema)) as JsonObject;
  } catch (cause) {
    throw new ConfigurationFault(
      ['handler'],
      `\`${field}\` is neither JSON nor a zod schema: ${(cause as Error).message}`,
    );
  }
  checkLocalReferences(field, published);
  const check = jsonSchemaCheck(published);
  return {
    published,
    parse(value) {
      const violations = check(value);
      return violations.length === 0 ? ok(value) : err(violations);
    },
  };
}
