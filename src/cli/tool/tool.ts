import type { Command } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { ApiClient } from '../api/client.ts';
import type { CliContext } from '../context.ts';
import { jsonLine } from '../print.ts';

/** A tool as the API shows it. */
export interface Tool {
  readonly namespace: string;
  readonly name: string;
  readonly origin: string;
  readonly status: string;
  readonly version: string | null;
  readonly owner: string | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly reason: string | null;
  readonly replacedBy: string | null;
  readonly revision: number | null;
  readonly pin?: string | null;
  readonly warnings?: readonly Lint[];
}

export interface Lint {
  readonly severity: string;
  readonly rule: string;
  readonly field: string;
  readonly message: string;
}

export interface ToolOptions extends ApiOptions {
  readonly namespace: string;
  readonly reason?: string;
  readonly json?: true;
}

/** `--namespace`, `--json`, and where the API is. */
export const addToolOptions = (command: Command, context: CliContext, json: string): Command =>
  addApiOptions(command.option('--namespace <name>', 'its namespace', 'default'), context).option(
    '--json',
    `print one line of JSON: ${json}`,
  );

export const pathOf = async (name: string, { namespace }: Pick<ToolOptions, 'namespace'>): Promise<string> =>
  (await import('../api/client.ts')).at`/tools/${namespace}/${name}`;

/** Asks something about the tool of that name, and says the answer: as JSON where that is wanted, in words else. */
export async function askAndTell<Answer>(
  context: CliContext,
  { name, options }: { readonly name: string; readonly options: ToolOptions },
  ask: (api: ApiClient, path: string) => Promise<Answer>,
  inWords: (answer: Answer) => string,
): Promise<void> {
  const path = await pathOf(name, options);
  const answer = await withApi(context, { ...options, tools: true }, (api) => ask(api, path));
  context.stdout.write(options.json === true ? jsonLine(answer) : inWords(answer));
}

/** For a change that is meant whatever the tool has become. */
export const ANY_STATE = { 'if-match': '*' };

/** Lints, a line each. */
export const lintLines = (lints: readonly Lint[]): string =>
  lints.map(({ severity, rule, field, message }) => `${severity}: ${field}: ${message} [${rule}]\n`).join('');
