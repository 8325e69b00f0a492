import type { Configuration } from '#contract';
import type { NamedSecret, Problem, Toolbox } from '#toolbox';
import type { SecretStanding } from '#vault';
import { QuietEnd, type CliContext, type InstallCommands } from '../context.ts';
import type { Findings } from './check.ts';

/** `chatelaine config …`: what a server would say about files, and the older form rewritten. */
export const installConfigCommands: InstallCommands = (program, context) => {
  const config = program.command('config').description('check and migrate configuration files');
  config
    .command('check')
    .description('say everything that a server would say about a configuration, without starting one')
    .argument('<file...>', 'files and folders that together are one configuration')
    .option('--json', 'print one line of JSON: ok, problems, warnings, secrets')
    .option('--data-dir <dir>', 'look in the vault there for the secrets that the configuration names')
    .addHelpText('after', '\nExits 0 when a server would take it.\n\nExample:\n  $ chatelaine config check tools.yaml')
    .action(async (files: string[], options: { json?: true; dataDir?: string }) => {
      const [{ checkConfiguration }, { sourceTypes }] = await Promise.all([import('./check.ts'), import('#toolbox')]);
      await ended(
        checkConfiguration(
          { files, ...options },
          {
            stdout: context.stdout,
            env: context.env,
            catalog: sourceTypes,
            build: (configuration) => tryBuild(configuration, context),
            standings: (...asked) => findStandings(context, ...asked),
          },
        ),
      );
    });
  config
    .command('migrate')
    .description('rewrite the older nested form as one document per entry; the old file stays as .bak')
    .argument('<file...>', 'files and folders')
    .option('--dry-run', 'print what would be written, and write nothing')
    .addHelpText('after', '\nExample:\n  $ chatelaine config migrate tools.yaml --dry-run')
    .action(async (files: string[], options: { dryRun?: true }) => {
      const { migrateConfiguration } = await import('./migrate.ts');
      await ended(migrateConfiguration({ files, dryRun: options.dryRun }, context));
    });
};

/** Builds as a server does: schemas of modules, templates, patterns. Nothing is connected. */
async function tryBuild(configuration: Configuration, context: CliContext): Promise<Findings> {
  const [{ openToolbox, sourceTypes, geminiEmbedder }, { silentLogger }, gateway] = await Promise.all([
    import('#toolbox'),
    import('#kernel'),
    import('#gateway'),
  ]);
  const { readPolicyDocuments, warnOfLimits } = gateway;
  const opened = await openToolbox(configuration, {
    catalog: sourceTypes,
    openEmbedder: geminiEmbedder,
    clock: context.clock,
    log: silentLogger,
    judge: async ({ policies, limits }, snapshot) => {
      // Of files alone: tools that publishers registered are in a state that nobody looks at here.
      const read = await readPolicyDocuments(policies, snapshot, { now: context.clock.now(), toolsChange: false });
      return { problems: read.problems, warnings: [...read.warnings, ...(await warnOfLimits(limits, snapshot))] };
    },
  });
  if (!opened.ok) return { problems: opened.error, warnings: [] };
  const { warnings } = opened.value;
  const lints = await lintsOf(configuration, opened.value);
  await opened.value.close();
  return { problems: [], warnings: [...warnings, ...lints] };
}

/** What the registry would say of the tools; warnings all of them, since the files are their operator's own. */
async function lintsOf({ tools }: Configuration, toolbox: Toolbox): Promise<readonly Problem[]> {
  const { lintTool, LookAlikes } = await (await import('#registry')).loadToolLints();
  const told: Problem[] = [];
  for (const { namespace, name, locate } of tools) {
    const view = toolbox.current().namespaces.get(namespace);
    const tool = view?.tools.get(name);
    if (view === undefined || tool === undefined) continue;
    const warn = (message: string): void =>
      void told.push({ ...locate([]), code: 'TOOL_LINT', message: `\`${name}\`: ${message}` });
    const like = new LookAlikes([...view.tools.keys()].filter((other) => other !== name)).of(name);
    if (like !== undefined) warn(`the name could be taken for \`${like}\``);
    for (const { message } of lintTool(tool)) warn(message);
  }
  return told;
}

/** Looks at names and times; no key is opened, and no value read. */
async function findStandings(
  { clock }: CliContext,
  secrets: readonly NamedSecret[],
  { server }: Configuration,
  dataDir: string,
): Promise<readonly SecretStanding[]> {
  const [{ databasePlace, openDatabase }, { secretStanding }] = await Promise.all([import('#db'), import('#vault')]);
  const place = databasePlace(server.database, dataDir);
  const database = await openDatabase({ ...place, ...('file' in place && { mustExist: true }), clock });
  try {
    const standings: SecretStanding[] = [];
    for (const { reference } of secrets) standings.push(await secretStanding(database, reference, clock.now()));
    return standings;
  } finally {
    await database.close();
  }
}

/** The report is printed: what is left to say is the exit code. */
async function ended(report: Promise<number>): Promise<void> {
  const code = await report;
  if (code !== 0) throw new QuietEnd(code);
}
