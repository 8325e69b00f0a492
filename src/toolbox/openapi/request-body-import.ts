/** The body of an operation as body parameters, and what else the tool must say for it. */
import type { ParameterDeclaration } from '#contract';
import { isRecord } from '#kernel';
import { isRequired } from '../parameters/index.ts';
import { textOf, type ApiDocument, type Node } from './api-document.ts';
import { mergedSchema, parameterOf } from './parameter-from-schema.ts';

export interface ImportedBody {
  readonly bodyParams: readonly ParameterDeclaration[];
  readonly requestBody?: string;
  readonly contentType?: string;
  readonly dropped: readonly string[];
}

/**
 * An object whose members can each be a parameter becomes those parameters; every other body becomes
 * one parameter `body`. Undefined when the operation has none; a text when it cannot be sent.
 */
export function importBody(
  api: ApiDocument,
  node: unknown,
  taken: ReadonlySet<string>,
): ImportedBody | string | undefined {
  if (node === undefined) return undefined;
  const body = api.resolve(node);
  if (body === undefined) return 'the request body is not in the document';
  const content = isRecord(body['content']) ? body['content'] : {};
  const chosen = chooseType(Object.keys(content));
  const required = body['required'] === true;
  if (chosen === undefined) {
    return required
      ? `the request body is ${Object.keys(content).join(' or ') || 'of no type'}, which tools cannot send`
      : undefined;
  }
  const [type, kind] = chosen;
  const { schema: given = {} } = api.resolve(content[type]) ?? {};
  const schema = mergedSchema(api, given);
  if (schema === undefined) return 'the schema of the request body is not in the document';
  const contentType = type === 'application/json' ? {} : { contentType: type };
  if (kind !== 'text') {
    const flat = flatten(api, schema, { kind, required, taken });
    if (flat !== undefined) return { ...flat, ...contentType };
    if (kind === 'form') return required ? 'the form of the request body is no flat object' : undefined;
  }
  const name = taken.has('body') ? 'request_body' : 'body';
  const description = textOf(body['description']) ?? 'The request body.';
  // Nothing said is any JSON, which for a body is an object far more often than a text.
  const said = kind === 'text' ? { type: 'string' } : Object.keys(schema).length === 0 ? { type: 'object' } : schema;
  const whole = parameterOf(api, name, said, { description, required });
  if (typeof whole === 'string') return required ? `the request body: ${whole}` : undefined;
  return {
    bodyParams: [whole.declaration],
    requestBody: kind === 'text' ? `{{.${name}}}` : `{{json .${name}}}`,
    ...contentType,
    dropped: whole.dropped,
  };
}

/** JSON before a form before text; the rest (multipart, files) has no parameters to be made of. */
function chooseType(types: readonly string[]): [type: string, kind: 'json' | 'form' | 'text'] | undefined {
  const bare = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase();
  const json =
    types.find((type) => bare(type) === 'application/json') ?? types.find((type) => bare(type).endsWith('+json'));
  if (json !== undefined) return [json, 'json'];
  const form = types.find((type) => bare(type) === 'application/x-www-form-urlencoded');
  if (form !== undefined) return [form, 'form'];
  const text = types.find((type) => bare(type) === 'text/plain');
  if (text !== undefined) return [text, 'text'];
  return types.includes('*/*') ? ['application/json', 'json'] : undefined;
}

function flatten(
  api: ApiDocument,
  schema: Node,
  body: { readonly kind: 'json' | 'form'; readonly required: boolean; readonly taken: ReadonlySet<string> },
): Pick<ImportedBody, 'bodyParams' | 'dropped'> | undefined {
  const properties = isRecord(schema['properties']) ? Object.entries(schema['properties']) : [];
  const open = schema['additionalProperties'] === true || isRecord(schema['additionalProperties']);
  if (properties.length === 0 || open || schema['oneOf'] !== undefined) return undefined;
  const wanted = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
  const bodyParams: ParameterDeclaration[] = [];
  const dropped: string[] = [];
  for (const [name, property] of properties) {
    // The server fills these in; a request must not carry them.
    if (api.resolve(property)?.['readOnly'] === true) continue;
    const made = parameterOf(api, name, property, { required: body.required && wanted.includes(name) });
    if (typeof made === 'string' || body.taken.has(name)) return undefined;
    // A list becomes several fields of one name; how a form holds an object, everybody does differently.
    if (body.kind === 'form' && made.declaration.type === 'map') {
      if (isRequired(made.declaration)) return undefined;
      dropped.push(`the field \`${name}\``);
      continue;
    }
    bodyParams.push(made.declaration);
    dropped.push(...made.dropped);
  }
  return { bodyParams, dropped };
}
