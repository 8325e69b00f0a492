/**
 * `parameters:` and `templateParameters:` of a tool, `arguments:` of a prompt: what a caller may pass.
 * MCP Toolbox's fields, and ours beyond them (`enum` … `unsafe patterns`).
 */
import { z } from 'zod';

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

const name = z.string().min(1);
const scalarTypes = z.enum(['string', 'integer', 'float', 'boolean']);

export const parameterSchema: z.ZodType<ParameterDeclaration> = z.lazy(() =>
  z.strictObject({
    name,
    type: z.enum(['string', 'integer', 'float', 'boolean', 'array', 'map']),
    description: z.string(),
    title: z.string().optional(),
    required: z.boolean().optional(),
    default: z.unknown().optional(),
    examples: z.array(z.unknown()).optional(),
    enum: z.array(z.unknown()).min(1).optional(),
    allowedValues: z.array(z.unknown()).min(1).optional(),
    excludedValues: z.array(z.unknown()).min(1).optional(),
    authServices: z.array(z.strictObject({ name: z.string(), field: z.string() })).optional(),
    embeddedBy: z.string().optional(),
    valueFromParam: z.string().optional(),
    secure: z.boolean().optional(),
    pattern: z.string().optional(),
    minLength: z.int().nonnegative().optional(),
    maxLength: z.int().nonnegative().optional(),
    escape: z.enum(['single-quotes', 'double-quotes', 'backticks', 'square-brackets']).optional(),
    minValue: z.number().optional(),
    maxValue: z.number().optional(),
    items: parameterSchema.optional(),
    minItems: z.int().nonnegative().optional(),
    maxItems: z.int().nonnegative().optional(),
    valueType: scalarTypes.optional(),
    as: z.enum(['identifier', 'keyword']).optional(),
  }),
);
