import { readdirSync, readFileSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { parseAllDocuments } from 'yaml';

export interface ParameterDocument {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly required?: boolean;
  readonly default?: string | number | boolean;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly string[];
  readonly allowedValues?: readonly string[];
  readonly as?: 'identifier' | 'keyword';
}

/** A document of the YAML files, as far as the tests look into it. */
export interface Document {
  readonly kind: string;
  readonly name?: string;
  readonly type?: string;
  readonly source?: string;
  readonly title?: string;
  readonly description?: string;
  readonly readOnly?: boolean;
  readonly statement?: string;
  readonly path?: string;
  readonly tools?: readonly string[];
  readonly parameters?: readonly ParameterDocument[];
  readonly templateParameters?: readonly ParameterDocument[];
  readonly pathParams?: readonly ParameterDocument[];
  readonly queryParams?: readonly ParameterDocument[];
  readonly annotations?: { readonly readOnlyHint?: boolean; readonly destructiveHint?: boolean };
  readonly messages?: readonly { readonly content: string }[];
  readonly arguments?: readonly ParameterDocument[];
}

const folder = new URL('../config/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

/** The text of all the configuration, for what stands between the lines. */
export const configurationText = files.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n---\n');

export const documents: readonly Document[] = parseAllDocuments(configurationText).map((document) => {
  const [problem] = document.errors;
  if (problem) throw new Error(problem.message);
  return document.toJS() as Document;
});

export const toolDocuments = documents.filter(({ kind }) => kind === 'tool');

export type Arguments = Readonly<Record<string, string | number | boolean>>;
type Row = Record<string, SQLOutputValue>;

/** Statement and values of a SQL tool for these arguments, by the rules of the configuration's reference. */
export function statementOf(tool: string, args: Arguments): { sql: string; values: SQLInputValue[] } {
  const document = toolDocuments.find(({ name }) => name === tool);
  if (!document?.statement) throw new Error(`there is no SQL tool \`${tool}\``);
  let sql = document.statement;
  for (const { name, default: value, as } of document.templateParameters ?? []) {
    const word = String(args[name] ?? value);
    sql = sql.replaceAll(`{{.${name}}}`, as === 'identifier' ? `"${word}"` : word);
  }
  const values = (document.parameters ?? []).map(({ name, default: value }) => {
    const given = args[name] ?? value ?? null;
    // As the source binds them: the driver alone would make every number a REAL.
    if (typeof given === 'boolean') return BigInt(given);
    return typeof given === 'number' && Number.isSafeInteger(given) ? BigInt(given) : given;
  });
  return { sql, values };
}

export function call(db: DatabaseSync, tool: string, args: Arguments = {}): Row[] {
  const { sql, values } = statementOf(tool, args);
  return db.prepare(sql).all(...values);
}

/** The lines of SQLite's plan. */
export function plan(db: DatabaseSync, tool: string, args: Arguments): string[] {
  const { sql, values } = statementOf(tool, args);
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => String(detail));
}
