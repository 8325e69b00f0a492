import type { Configuration } from '#contract';
import type { Catalog, Environment, Problem } from '#toolbox';
import { EXIT, type TextSink } from '../context.ts';
import { jsonLine } from '../print.ts';
import { readNamed } from './read-named.ts';

export interface CheckOptions {
  /** Files, and folders whose `.yaml` and `.yml` files are meant; together they are one configuration. */
  readonly files: readonly string[];
  readonly json?: boolean | undefined;
}

export interface CheckContext {
  readonly stdout: TextSink;
  readonly env: Environment;
  /** The source types there are. */
  readonly catalog: Catalog;
  /** Builds what was loaded as a server would, without connecting to anything, and says what it met. */
  readonly build: (configuration: Configuration) => Promise<Findings>;
}

export interface Findings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * `chatelaine config check FILE…`: everything that a server would say about the configuration, without
 * starting one. Prints problems and warnings with their places; resolves to the exit code, which is 0
 * when a server would take it.
 */
export async function checkConfiguration(options: CheckOptions, context: CheckContext): Promise<number> {
  const { loadConfiguration } = await import('#toolbox');
  const inputs = await readNamed(options.files);
  if (!inputs.ok) return report({ problems: inputs.error, warnings: [] }, undefined, options, context);
  const loaded = loadConfiguration(inputs.value, { env: context.env, catalog: context.catalog });
  if (!loaded.ok) return report({ problems: loaded.error, warnings: [] }, undefined, options, context);
  const { configuration, warnings } = loaded.value;
  const built = await context.build(configuration);
  const findings = { problems: built.problems, warnings: [...warnings, ...built.warnings] };
  return report(findings, configuration, options, context);
}

async function report(
  { problems, warnings }: Findings,
  configuration: Configuration | undefined,
  { json }: CheckOptions,
  { stdout }: CheckContext,
): Promise<number> {
  const { formatProblem } = await import('#toolbox');
  if (json === true) {
    stdout.write(jsonLine({ ok: problems.length === 0, problems, warnings }));
  } else {
    for (const warning of warnings) stdout.write(`${formatProblem(warning, 'warning')}\n\n`);
    for (const problem of problems) stdout.write(`${formatProblem(problem)}\n\n`);
    stdout.write(`${summary(problems, configuration)}\n`);
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failure;
}

function summary(problems: readonly Problem[], configuration: Configuration | undefined): string {
  if (problems.length > 0 || configuration === undefined) {
    const files = new Set(problems.map((problem) => problem.file)).size;
    return `${count(problems.length, 'problem')} in ${count(files, 'file')}.`;
  }
  const { sources, tools, prompts, resources, resourceTemplates, toolsets, groups } = configuration;
  const parts: [number, string][] = [
    [sources.length, 'source'],
    [tools.length, 'tool'],
    [toolsets.length + groups.length, 'group'],
    [prompts.length, 'prompt'],
    [resources.length + resourceTemplates.length, 'resource'],
  ];
  const present = parts.filter(([number]) => number > 0).map(([number, noun]) => count(number, noun));
  return `The configuration is good: ${present.length > 0 ? present.join(', ') : 'it declares nothing'}.`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
