/**
 * Two tool types that embedded databases have alike: which tables there are, and what one of them is
 * made of. A source brings the statements; what a caller passes and gets is the same for all, and is
 * what MCP Toolbox's `list_tables` takes.
 */
import { z } from 'zod';
import { didYouMean, type JsonValue } from '#kernel';
import { toolboxError } from '../errors.ts';
import {
  ConfigurationFault,
  type RunContext,
  type ToolBody,
  type ToolBuildContext,
  type ToolType,
} from '../tools/tool-type.ts';
import type { Row, RowSet, SqlSource } from './source.ts';
import { jsonValue } from './values.ts';

export interface TableStatements {
  /** One row a table with `object_name` and `object_type`. `$1`: the names wanted with commas around each, or null. */
  readonly simple: string;
  /** The same, and everything about the table in further columns. */
  readonly detailed: string;
  /** Columns of `detailed` that hold JSON as text. */
  readonly jsonColumns: readonly string[];
}

const fields = z.strictObject({});
type Fields = z.output<typeof fields>;

/** The tool type `sqlite-list-tables` and its like. */
export function listTablesTool(type: string, statements: TableStatements): ToolType<Fields> {
  return {
    type,
    summary: 'Lists tables and views, with their columns, keys and indexes where the caller asks for details.',
    schema: fields,
    build: (_fields, context) => {
      const source = soleSource(type, context);
      return {
        description: 'Lists tables and views of the database, with columns, keys, indexes and triggers.',
        annotations: { readOnlyHint: true },
        parameters: [
          {
            name: 'table_names',
            type: 'string',
            description: 'Names of tables and views, separated by commas; empty for all.',
            default: '',
          },
          {
            name: 'output_format',
            type: 'string',
            description: '`simple` for the names alone, `detailed` for columns, keys, indexes and triggers.',
            enum: ['simple', 'detailed'],
            default: 'detailed',
          },
        ],
        async run(args, context) {
          const detailed = args['output_format'] === 'detailed';
          const wanted = (args['table_names'] as string).split(',').map((name) => name.trim());
          const found = await ask(source, detailed ? statements.detailed : statements.simple, wanted, context);
          return { kind: 'rows', ...found, rows: found.rows.map((row) => readJson(row, statements.jsonColumns)) };
        },
      } satisfies ToolBody;
    },
  };
}

/** The tool type `sqlite-describe-table` and its like. */
export function describeTableTool(type: string, statements: TableStatements): ToolType<Fields> {
  return {
    type,
    summary: 'Describes one table or view: its columns, keys, indexes and definition.',
    schema: fields,
    build: (_fields, context) => {
      const source = soleSource(type, context);
      return {
        description: 'Describes one table or view: its columns, keys, indexes, triggers and definition.',
        annotations: { readOnlyHint: true },
        parameters: [{ name: 'table_name', type: 'string', description: 'Name of a table or view.' }],
        async run(args, context) {
          const name = args['table_name'] as string;
          const { rows, truncated } = await ask(source, statements.detailed, [name], context);
          const [table] = rows;
          if (table) return { kind: 'value', value: readJson(table, statements.jsonColumns) };
          if (truncated)
            throw toolboxError('TOOL_FAILED', `what there is to say of \`${name}\` is beyond \`maxBytes\``);
          const names = (await ask(source, statements.simple, [], context)).rows.map(
            (row) => row['object_name'] as string,
          );
          throw toolboxError('SQL_FAILED', `there is no table or view \`${name}\`${didYouMean(name, names)}`);
        },
      } satisfies ToolBody;
    },
  };
}

function soleSource(type: string, { parameters, source }: ToolBuildContext): SqlSource {
  if (parameters.length === 0) return source as SqlSource;
  throw new ConfigurationFault(['parameters'], `\`${type}\` brings its own parameters and takes no others`);
}

async function ask(
  source: SqlSource,
  text: string,
  names: readonly string[],
  { signal, timeoutMs, maxRows, maxBytes }: RunContext,
): Promise<RowSet> {
  const wanted = names.filter((name) => name !== '');
  const value = wanted.length === 0 ? null : `,${wanted.join(',')},`;
  return source.query({ text, values: [value], fixed: true }, { signal, timeoutMs, maxRows, maxBytes, readOnly: true });
}

function readJson(row: Row, columns: readonly string[]): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      columns.includes(name) && typeof value === 'string' ? jsonValue(value) : value,
    ]),
  );
}
