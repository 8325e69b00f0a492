/** A small catalogue, and loading from texts, for the tests of this folder. */
import { z } from 'zod';
import { duration, parameterSchema, secretReference, secretValue } from '#contract';
import type { SourceType } from '../../sources/source.ts';
import type { ToolType } from '../../tools/tool-type.ts';
import { loadConfiguration } from '../load.ts';
import type { ConfigurationInput } from '../parse.ts';
import type { Environment } from '../substitute.ts';

/** Configurations are only read here; nothing is ever opened or built. */
const never = (): never => {
  throw new Error('only the schemas of this type are used');
};

function toolType(type: string, schema: z.ZodType): ToolType {
  return { type, summary: `Tools of type ${type}.`, schema, build: never };
}

function sourceType(type: string, schema: z.ZodType, toolTypes: readonly ToolType[]): SourceType {
  return { type, summary: `Sources of type ${type}.`, schema, toolTypes, open: never };
}

const statement = z.strictObject({ statement: z.string().min(1), unsafeTemplate: z.boolean().default(false) });

export const catalog: readonly SourceType[] = [
  sourceType(
    'postgres',
    z.strictObject({
      host: z.string(),
      port: z.int().min(1).max(65_535).default(5432),
      user: z.string(),
      password: secretValue,
      database: z.string(),
      queryParams: z.record(z.string(), z.string()).optional(),
      readOnly: z.boolean().default(false),
    }),
    [toolType('postgres-sql', statement)],
  ),
  sourceType('sqlite', z.strictObject({ database: z.string(), readOnly: z.boolean().default(false) }), [
    toolType('sqlite-sql', statement),
  ]),
  sourceType(
    'http',
    z.strictObject({
      baseUrl: z.url(),
      timeout: duration.default(30_000),
      headers: z.record(z.string(), secretValue).default({}),
      auth: z.strictObject({ secret: secretReference }).optional(),
    }),
    [
      toolType(
        'http',
        z.strictObject({
          path: z.string(),
          method: z.enum(['GET', 'POST']),
          queryParams: z.array(parameterSchema).default([]),
        }),
      ),
    ],
  ),
  sourceType('module', z.strictObject({ path: z.string() }), [
    toolType('module', z.strictObject({ handler: z.string().optional() })),
  ]),
];

export const input = (file: string, text: string | Uint8Array): ConfigurationInput => ({
  file,
  directory: '/etc/chatelaine',
  bytes: typeof text === 'string' ? Buffer.from(text) : text,
});

export function load(text: string, env: Environment = {}) {
  return loadConfiguration([input('t.yaml', text)], { env, catalog });
}

/** What loads, or a failure that shows the problems. */
export function loaded(text: string, env: Environment = {}) {
  const result = load(text, env);
  if (!result.ok) throw new Error(shown(result.error).join('\n'));
  return result.value.configuration;
}

/** `line:column CODE message` of every problem, and its hint behind ` | `. */
export function problemsOf(text: string, env: Environment = {}): string[] {
  const result = load(text, env);
  return result.ok ? [] : shown(result.error);
}

function shown(problems: readonly { line: number; column: number; code: string; message: string; hint?: string }[]) {
  return problems.map(
    ({ line, column, code, message, hint }) =>
      `${line}:${column} ${code} ${message}${hint === undefined ? '' : ` | ${hint}`}`,
  );
}

/** A source and a tool that are good, to put something bad beside. */
export const GOOD = `kind: source
name: db
type: sqlite
database: x.db
---
kind: tool
name: search
type: sqlite-sql
source: db
description: Searches.
statement: SELECT 1
---
`;
