import type { Configuration } from '#contract';
import type { Catalog, Environment, NamedSecret, Problem } from '#toolbox';
import type { SecretStanding } from '#vault';
import { EXIT, type TextSink } from '../context.ts';
import { jsonLine } from '../print.ts';
import { readNamed } from './read-named.ts';

export interface CheckOptions {
  /** Files, and folders whose `.yaml` and `.yml` files are meant; together they are one configuration. */
  readonly files: readonly string[];
  readonly json?: boolean | undefined;
  /** Where the vault is, to look for the secrets that the configuration names. */
  readonly dataDir?: string | undefined;
}

export interface CheckContext {
  readonly stdout: TextSink;
  readonly env: Environment;
  /** The source types there are. */
  readonly catalog: Catalog;
  /** Builds what was loaded as a server would, without connecting to anything, and says what it met. */
  readonly build: (configuration: Configuration) => Promise<Findings>;
  /** How each of the secrets stands in the vault of a data directory. */
  readonly standings: (
    secrets: readonly NamedSecret[],
    configuration: Configuration,
    dataDir: string,
  ) => Promise<readonly SecretStanding[]>;
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
  const { configuration, warnings, secrets } = loaded.value;
  const built = await context.build(configuration);
  const standings =
    options.dataDir === undefined || secrets.length === 0
      ? undefined
      : await context.standings(secrets, configuration, options.dataDir);
  const named = secrets.map((secret, index) => ({ secret, standing: standings?.[index] }));
  const findings = {
    problems: built.problems,
    warnings: [...warnings, ...built.warnings, ...(await secretWarnings(named))],
  };
  return report(findings, { configuration, named }, options, context);
}

interface Standing {
  readonly secret: NamedSecret;
  /** Undefined where nobody has looked. */
  readonly standing: SecretStanding | undefined;
}

interface Checked {
  readonly configuration: Configuration;
  readonly named: readonly Standing[];
}

/**
 * Secrets that their sources could not use now. Warnings, since a server starts all the same: they may
 * be put later, and only their own sources wait for them.
 */
async function secretWarnings(named: readonly Standing[]): Promise<readonly Problem[]> {
  const { formatSecretReference } = await import('#contract');
  return named.flatMap(({ secret: { reference, namespace, by, place }, standing }) => {
    const warn = (message: string, hint: string): Problem => ({ ...place, code: 'SECRET_UNREADABLE', message, hint });
    const name = formatSecretReference(reference);
    if (reference.namespace !== namespace) {
      const message = `\`${name}\` is of another namespace than the ${by}, which is of \`${namespace}\``;
      return [warn(message, 'Namespaces isolate: it is given out only where a policy says so.')];
    }
    if (standing === undefined || standing === 'usable') return [];
    return [warn(`\`${name}\` ${STANDINGS[standing]}`, REMEDIES[standing])];
  });
}

const STANDINGS = { unknown: 'does not exist', disabled: 'is disabled', ended: 'has ended' } as const;
const REMEDIES = {
  unknown: 'Put it with `chatelaine secret put`; until then its source cannot be used.',
  disabled: 'Enable it with `chatelaine secret enable`; until then its source cannot be used.',
  ended: 'Put a new version with `chatelaine secret put`; until then its source cannot be used.',
} as const;

async function report(
  { problems, warnings }: Findings,
  checked: Checked | undefined,
  { json }: CheckOptions,
  { stdout }: CheckContext,
): Promise<number> {
  const { formatProblem } = await import('#toolbox');
  if (json === true) {
    stdout.write(jsonLine({ ok: problems.length === 0, problems, warnings, secrets: await secretsOf(checked) }));
  } else {
    for (const warning of warnings) stdout.write(`${formatProblem(warning, 'warning')}\n\n`);
    for (const problem of problems) stdout.write(`${formatProblem(problem)}\n\n`);
    for (const { secret, by, file, line, column, standing } of await secretsOf(checked)) {
      stdout.write(
        `${file}:${line}:${column}: ${by} uses ${secret}${standing === undefined ? '' : ` (${standing})`}\n`,
      );
    }
    stdout.write(`${summary(problems, checked?.configuration)}\n`);
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Where secrets of the vault are named, for people and for scripts. */
async function secretsOf(checked: Checked | undefined) {
  const { formatSecretReference } = await import('#contract');
  return (checked?.named ?? []).map(({ secret: { reference, by, place }, standing }) => {
    const { file, line, column } = place;
    const secret = formatSecretReference(reference);
    return { secret, by, file, line, column, ...(standing !== undefined && { standing }) };
  });
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
