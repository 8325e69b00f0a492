/**
 * The two tool types that every SQL source has. `X-sql` runs the author's statement with the caller's
 * values bound in the order of their declaration; `X-execute-sql` runs the caller's own SQL.
 */
import { z } from 'zod';
import type { ToolAnnotations } from '#contract';
import type { RowSet, SqlSource, SqlValue } from '../sources/source.ts';
import { compileSqlTemplate } from './template/index.ts';
import {
  ConfigurationFault,
  type ToolBody,
  type ToolBuildContext,
  type ToolOutput,
  type ToolType,
} from './tool-type.ts';

const sqlFields = z.strictObject({
  statement: z
    .string()
    .refine((text) => text.trim() !== '', { error: 'the statement is empty' })
    .describe(
      'One SQL statement. Parameters are bound in the order of their declaration; `{{.name}}` is a template parameter.',
    ),
  unsafeTemplate: z
    .boolean()
    .default(false)
    .describe(
      'Inserts template parameters as they come, as MCP Toolbox does: callers write SQL. Reported as a warning.',
    ),
});

export type SqlFields = z.output<typeof sqlFields>;

/** The tool type `postgres-sql` and its like. */
export function sqlTool(type: string): ToolType<SqlFields> {
  return {
    type,
    summary: 'Runs one statement with bound parameters.',
    schema: sqlFields,
    takesTemplateParameters: true,
    build: buildStatement,
  };
}

function buildStatement(fields: SqlFields, context: ToolBuildContext): ToolBody {
  const source = context.source as SqlSource;
  const template = compileSqlTemplate(fields.statement, {
    templateParameters: context.templateParameters,
    parameters: context.parameters,
    dialect: source.dialect,
    unsafe: fields.unsafeTemplate,
    path: ['statement'],
  });
  const names = context.parameters.map((parameter) => parameter.name);
  const { fixed } = template;
  return {
    annotations: {
      ...sqlAnnotations(context.readOnly || source.readOnly),
      ...(!fields.unsafeTemplate && source.reachesOut !== true && { openWorldHint: false }),
    },
    warnings: template.warnings,
    writes: WRITING.test(fields.statement),
    provedToRead: () => fixed !== undefined && source.provedToRead?.({ text: fixed, fixed: true }) === true,
    run(args, limits) {
      const values = names.map((name) => (args[name] ?? null) as SqlValue);
      const query =
        fixed === undefined ? { text: template.render(args), values } : { text: fixed, values, fixed: true };
      return answerOf(source.query(query, limits));
    },
  };
}

/** The first word of a statement that changes something, comments and a `WITH` list before it aside. */
const WRITING =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)*(?:insert|update|delete|merge|replace|upsert|truncate|drop|create|alter|grant|revoke|call|vacuum|attach|copy)\b/i;

const noFields = z.strictObject({});

/** The tool type `postgres-execute-sql` and its like; its one parameter is `sql`. */
export function executeSqlTool(type: string): ToolType<z.output<typeof noFields>> {
  return {
    type,
    summary: 'Runs the SQL that the caller passes as `sql`.',
    schema: noFields,
    build(_fields, context) {
      if (context.parameters.length > 0) {
        throw new ConfigurationFault(['parameters'], `\`${type}\` has one parameter, \`sql\`, and takes no others`);
      }
      const source = context.source as SqlSource;
      return {
        parameters: [{ name: 'sql', type: 'string', description: 'The SQL to execute.' }],
        annotations: sqlAnnotations(context.readOnly || source.readOnly),
        run: (args, limits) => answerOf(source.query({ text: args['sql'] as string, values: [] }, limits)),
      };
    },
  };
}

/**
 * What is true of SQL: without a database that refuses writes, any statement may destroy. What it reaches is the
 * database where its author wrote it; what a caller writes reaches whatever the database does (`COPY … PROGRAM`,
 * `dblink`), so that of such tools nothing is said, and MCP's default holds: an open world.
 */
export const sqlAnnotations = (readOnly: boolean): ToolAnnotations => ({
  readOnlyHint: readOnly,
  destructiveHint: !readOnly,
});

/** Rows that are there stay there: waiting for them would cost each lookup its promises. */
const answerOf = (rows: RowSet | Promise<RowSet>): ToolOutput | Promise<ToolOutput> =>
  rows instanceof Promise ? rows.then(asRows) : asRows(rows);

const asRows = (rows: RowSet): ToolOutput => ({ kind: 'rows', ...rows });
