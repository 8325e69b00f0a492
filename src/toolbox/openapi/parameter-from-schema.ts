/** A parameter declaration from a schema of OpenAPI, with as much of the schema as declarations can say. */
import { parameterSchema, type ParameterDeclaration } from '#contract';
import { isRecord } from '#kernel';
import { compileParameters, placed } from '../parameters/index.ts';
import { ConfigurationFault } from '../tools/tool-type.ts';
import { textOf, type ApiDocument, type Node } from './api-document.ts';
import { outlineOf } from './schema-outline.ts';

export interface DeclaredParameter {
  readonly declaration: ParameterDeclaration;
  /** Conditions of the schema that were left out, because no declaration can hold them. */
  readonly dropped: readonly string[];
}

const TYPES: Readonly<Record<string, ParameterDeclaration['type']>> = {
  string: 'string',
  integer: 'integer',
  number: 'float',
  boolean: 'boolean',
  array: 'array',
  object: 'map',
};

// In the order in which they are written.
const CONDITIONS = [
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minValue',
  'maxValue',
  'minItems',
  'maxItems',
  'examples',
] as const;
type Condition = (typeof CONDITIONS)[number];

/** The declaration, or why there is none. */
export function parameterOf(
  api: ApiDocument,
  name: string,
  given: unknown,
  about: { readonly description?: string | undefined; readonly required: boolean },
): DeclaredParameter | string {
  const schema = mergedSchema(api, given);
  if (schema === undefined) return 'its schema is not in the document';
  const type = typeOf(api, schema);
  if (type === undefined) return 'its schema allows several types';
  const items = type === 'array' ? parameterOf(api, 'item', schema['items'] ?? {}, { required: true }) : undefined;
  if (typeof items === 'string') return `its items: ${items}`;
  const outline = type === 'map' ? outlineOf(api, schema) : undefined;
  const said = about.description ?? textOf(schema['description']) ?? name;
  const declaration: ParameterDeclaration = {
    name,
    type,
    description: readable(outline === undefined ? said : `${said} ${outline}`),
    ...(!about.required && { required: false }),
    ...conditionsOf(schema, type),
    ...(items && { items: items.declaration }),
  };
  return settle(declaration, items?.dropped ?? []);
}

/** Text that the loader leaves alone: `${…}` would be looked up in the environment. */
export const readable = (text: string): string =>
  text
    .replaceAll('${', '$ {')
    .replace(/[\ufdd0-\ufdef\p{Cc}]/gu, (character) => (character === '\n' ? '\n' : ' '))
    .trim();

/**
 * The schema with its references, its `allOf` and the one alternative beside null put together;
 * undefined when a part is missing.
 */
export function mergedSchema(api: ApiDocument, given: unknown, depth = 0): Node | undefined {
  const schema = given === true ? {} : api.resolve(given);
  if (schema === undefined || depth > MAX_DEPTH) return undefined;
  const { allOf, oneOf, anyOf, ...own } = schema;
  const alternatives = listOf(oneOf ?? anyOf).filter((one) => !(isRecord(one) && one['type'] === 'null'));
  const single = alternatives.length === 1 ? alternatives : [];
  const parts = [...listOf(allOf), ...single].map((part) => mergedSchema(api, part, depth + 1));
  if (parts.includes(undefined)) return undefined;
  const rest = alternatives.length > 1 ? { oneOf: alternatives } : {};
  if (parts.length === 0) return { ...own, ...rest };
  const all = [...(parts as Node[]), { ...own, ...rest }];
  const properties = Object.assign({}, ...all.map((part) => part['properties'])) as Node;
  const required = all.flatMap((part) => listOf(part['required']));
  return {
    ...(Object.assign({}, ...all) as Node),
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  };
}

const MAX_DEPTH = 20;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** The one type that a value may have; null beside it is what leaving it out means here. */
function typeOf(api: ApiDocument, schema: Node, depth = 0): ParameterDeclaration['type'] | undefined {
  const alternatives = listOf(schema['oneOf']);
  if (alternatives.length > 0) {
    const types = new Set(
      alternatives.map((one) => {
        const merged = depth > MAX_DEPTH ? undefined : mergedSchema(api, one);
        return merged && typeOf(api, merged, depth + 1);
      }),
    );
    return types.size === 1 ? [...types][0] : undefined;
  }
  const { type } = schema;
  if (Array.isArray(type)) {
    const real = (type as unknown[]).filter((one) => one !== 'null');
    return real.length === 1 ? TYPES[String(real[0])] : undefined;
  }
  if (typeof type === 'string') return TYPES[type];
  if (schema['properties'] !== undefined || schema['additionalProperties'] !== undefined) return 'map';
  if (schema['items'] !== undefined) return 'array';
  const [first] = listOf(schema['enum']);
  return typeof first === 'number' ? 'float' : typeof first === 'boolean' ? 'boolean' : 'string';
}

function conditionsOf(schema: Node, type: ParameterDeclaration['type']): Partial<ParameterDeclaration> {
  const pattern = textOf(schema['pattern']);
  const examples = Array.isArray(schema['examples']) ? (schema['examples'] as unknown[]) : [schema['example']];
  const list = Array.isArray(schema['enum'])
    ? (schema['enum'] as unknown[]).filter((entry) => entry !== null)
    : undefined;
  const found: Partial<Record<Condition, unknown>> = {
    default: schema['default'] ?? undefined,
    enum: list?.length === 0 ? undefined : list,
    // A pattern of JSON Schema matches anywhere; one of ours the whole value, unless it begins with `^`.
    pattern: pattern === undefined || /^\^|\$$/.test(pattern) ? pattern : `^[\\s\\S]*(?:${pattern})`,
    minLength: schema['minLength'],
    maxLength: schema['maxLength'],
    minValue: type === 'integer' || type === 'float' ? schema['minimum'] : undefined,
    maxValue: type === 'integer' || type === 'float' ? schema['maximum'] : undefined,
    minItems: schema['minItems'],
    maxItems: schema['maxItems'],
    examples: examples.some((example) => example !== undefined) ? examples : undefined,
  };
  return Object.fromEntries(
    CONDITIONS.flatMap((condition) => (found[condition] === undefined ? [] : [[condition, found[condition]]])),
  );
}

/** Takes away conditions until the declaration is one that loads. */
function settle(declaration: ParameterDeclaration, dropped: readonly string[]): DeclaredParameter | string {
  const wrong = firstFault(declaration);
  if (wrong === undefined) return { declaration, dropped };
  if (!(CONDITIONS as readonly unknown[]).includes(wrong.field)) return wrong.message;
  const { [wrong.field as Condition]: _, ...rest } = declaration;
  return settle(rest, [...dropped, `\`${wrong.field}\` of \`${declaration.name}\``]);
}

function firstFault(
  declaration: ParameterDeclaration,
): { readonly field: unknown; readonly message: string } | undefined {
  for (const condition of CONDITIONS) {
    // Would be taken for a reference to the environment.
    if (JSON.stringify(declaration[condition] ?? '').includes('${')) return { field: condition, message: '' };
  }
  const parsed = parameterSchema.safeParse(declaration);
  const [issue] = parsed.error?.issues ?? [];
  if (issue !== undefined) return { field: issue.path[0], message: issue.message };
  try {
    compileParameters(placed('parameters', [declaration]));
    return undefined;
  } catch (fault) {
    if (!(fault instanceof ConfigurationFault)) throw fault;
    return { field: fault.path[2], message: fault.message };
  }
}
