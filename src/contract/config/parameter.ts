/**
 * `parameters:` and `templateParameters:` of a tool, `arguments:` of a prompt: what a caller may pass.
 * MCP Toolbox's fields, and ours beyond them (`title`, `enum`, `pattern`, lengths, `examples`, `as`).
 */
import { z } from 'zod';
import { checkParameter } from './parameter-rules.ts';

/** A parameter as declared. The runtime check and the JSON Schema are made from it in `toolbox/parameters/`. */
export interface ParameterDeclaration {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'float' | 'boolean' | 'array' | 'map';
  readonly description: string;
  readonly title?: string | undefined;
  readonly required?: boolean | undefined;
  readonly default?: unknown;
  readonly examples?: readonly unknown[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly allowedValues?: readonly unknown[] | undefined;
  readonly excludedValues?: readonly unknown[] | undefined;
  readonly authServices?: readonly { readonly name: string; readonly field: string }[] | undefined;
  readonly embeddedBy?: string | undefined;
  readonly valueFromParam?: string | undefined;
  readonly secure?: boolean | undefined;
  /** string */
  readonly pattern?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly escape?: 'single-quotes' | 'double-quotes' | 'backticks' | 'square-brackets' | undefined;
  /** integer, float */
  readonly minValue?: number | undefined;
  readonly maxValue?: number | undefined;
  /** array */
  readonly items?: ParameterDeclaration | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  /** map: the type of every value, or any primitive */
  readonly valueType?: 'string' | 'integer' | 'float' | 'boolean' | undefined;
  /** template parameters: an identifier (quoted for the dialect) or a keyword of a closed list */
  readonly as?: 'identifier' | 'keyword' | undefined;
}

const name = z
  .string()
  .min(1, { error: 'a parameter has no name' })
  .max(128, { error: 'a parameter name has more than 128 characters' })
  .describe('The name of the argument.');
const types = z.enum(['string', 'integer', 'float', 'boolean', 'array', 'map']);
const description = z.string().describe('What to pass, written for the model.');

// The common part; items of arrays and arguments of prompts relax a field of it each.
const shape = {
  name,
  type: types.describe('The type; nothing is converted, `"10"` is no integer.'),
  description,
  title: z.string().optional().describe('A name for people.'),
  required: z.boolean().optional().describe('`true` unless said otherwise; a `default` makes it optional.'),
  default: z.unknown().optional().describe('The value where the caller passes none; `null` counts as absent.'),
  examples: z.array(z.unknown()).optional().describe('Values to show.'),
  enum: z.array(z.unknown()).min(1).optional().describe('The only values that are accepted.'),
  allowedValues: z
    .array(z.unknown())
    .min(1)
    .optional()
    .describe('Values or patterns, one of which must match the whole value.'),
  excludedValues: z.array(z.unknown()).min(1).optional().describe('Values or patterns that are refused.'),
  authServices: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe('An `authService`.'),
        field: z.string().min(1).describe('A claim of its tokens.'),
      }),
    )
    .min(1)
    .optional()
    .describe("The value is a claim of the caller's token; whatever the caller passes is ignored."),
  embeddedBy: z.string().optional().describe('An `embeddingModel` that turns the text into a vector; strings only.'),
  valueFromParam: z.string().optional().describe('Another parameter whose value this one copies; hidden from callers.'),
  secure: z.boolean().optional().describe('Passed beside the arguments by the application, never by the model.'),
  pattern: z.string().optional().describe('A regular expression that the whole string must match.'),
  minLength: z.int().nonnegative().optional().describe('The least number of characters.'),
  maxLength: z.int().nonnegative().optional().describe('The greatest number of characters.'),
  escape: z
    .enum(['single-quotes', 'double-quotes', 'backticks', 'square-brackets'])
    .optional()
    .describe('The quotes around the value of a template parameter.'),
  minValue: z.number().optional().describe('The least number.'),
  maxValue: z.number().optional().describe('The greatest number.'),
  items: z
    .lazy(() => itemSchema)
    .optional()
    .describe('What each item of an array is.'),
  minItems: z.int().nonnegative().optional().describe('The least number of items.'),
  maxItems: z.int().nonnegative().optional().describe('The greatest number of items.'),
  valueType: z
    .enum(['string', 'integer', 'float', 'boolean'])
    .optional()
    .describe('The type of every value of a map; any of these otherwise.'),
  as: z
    .enum(['identifier', 'keyword'])
    .optional()
    .describe('Template parameters: an identifier, quoted for the database, or a word of a closed list.'),
};

/** A parameter of a tool. */
export const parameterSchema: z.ZodType<ParameterDeclaration> = z
  .strictObject(shape)
  .superRefine(checkParameter)
  .transform(withoutNullDefault)
  .meta({ title: 'parameter' });

/** An argument of a prompt: a string unless it says otherwise. */
export const promptArgumentSchema: z.ZodType<ParameterDeclaration> = z
  .strictObject({ ...shape, type: types.default('string').describe('The type; `string` unless said otherwise.') })
  .superRefine(checkParameter)
  .transform(withoutNullDefault)
  .meta({ title: 'parameter' });

/** The items of an array; nobody calls them by name, so a name and a description may be left out. */
const itemSchema: z.ZodType<ParameterDeclaration> = z
  .strictObject({ ...shape, name: name.default('item'), description: description.default('') })
  .superRefine(checkParameter)
  .transform(withoutNullDefault)
  .meta({ title: 'parameter' });

/** YAML's `default:` with nothing after it is null, which Toolbox reads as no default at all. */
function withoutNullDefault({ default: value, ...rest }: ParameterDeclaration): ParameterDeclaration {
  return value === null || value === undefined ? rest : { ...rest, default: value };
}
