/**
 * prebuilt: configurations that need nothing but environment variables, for `--prebuilt`. Each is a
 * YAML file in this folder, read as any other; `${POSTGRES_HOST}` and its like are filled where all
 * configuration is, which reports every missing one at once.
 */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { didYouMean, err, ok, type Result } from '#kernel';
import type { ConfigurationInput } from '../config/parse.ts';

export const PREBUILT_NAMES = ['duckdb', 'mysql', 'postgres', 'redis', 'sqlite'] as const;
type PrebuiltName = (typeof PREBUILT_NAMES)[number];

/**
 * The configurations of `--prebuilt NAME` or `--prebuilt NAME/TOOLSET`, which leaves the other tools
 * out. `directory` is where relative paths in environment variables start: the one the command was
 * given in. Gives every wrong name at once.
 */
export async function prebuiltInputs(
  wanted: readonly string[],
  directory: string,
): Promise<Result<readonly ConfigurationInput[], readonly string[]>> {
  const problems: string[] = [];
  const inputs: ConfigurationInput[] = [];
  const byName = Map.groupBy(wanted.map(splitName), ({ name }) => name);
  for (const [name, selections] of byName) {
    if (!isPrebuilt(name)) {
      problems.push(
        `there is no prebuilt configuration \`${name}\`${didYouMean(name, PREBUILT_NAMES) || `; there are ${PREBUILT_NAMES.join(', ')}`}`,
      );
      continue;
    }
    const text = await readFile(new URL(`./${name}.yaml`, import.meta.url), 'utf8');
    const toolsets = selections.map(({ toolset }) => toolset);
    const selected = toolsets.includes(undefined) ? ok(text) : select(name, text, toolsets as string[]);
    if (selected.ok) inputs.push({ file: `prebuilt/${name}.yaml`, directory, bytes: Buffer.from(selected.value) });
    else problems.push(...selected.error);
  }
  return problems.length > 0 ? err(problems) : ok(inputs);
}

const isPrebuilt = (name: string): name is PrebuiltName => (PREBUILT_NAMES as readonly string[]).includes(name);

function splitName(written: string): { readonly name: string; readonly toolset: string | undefined } {
  const slash = written.indexOf('/');
  return slash < 0
    ? { name: written, toolset: undefined }
    : { name: written.slice(0, slash), toolset: written.slice(slash + 1) };
}

interface PrebuiltDocument {
  readonly kind: string;
  readonly name: string;
  readonly tools?: readonly string[];
}

/** The text without the tools that are in none of the toolsets, and without the other toolsets. */
function select(prebuilt: PrebuiltName, text: string, toolsets: readonly string[]): Result<string, readonly string[]> {
  const documents = text.split(/^---\n/m).map((part) => ({
    part,
    value: parseAllDocuments(part)[0]?.toJS() as PrebuiltDocument,
  }));
  const known = documents.filter(({ value }) => value.kind === 'toolset').map(({ value }) => value.name);
  const unknown = toolsets.filter((toolset) => !known.includes(toolset));
  if (unknown.length > 0) {
    return err(
      unknown.map(
        (toolset) =>
          `the prebuilt configuration \`${prebuilt}\` has no toolset \`${toolset}\`; it has ${known.join(', ')}`,
      ),
    );
  }
  const chosen = documents.filter(({ value }) => value.kind === 'toolset' && toolsets.includes(value.name));
  const tools = new Set(chosen.flatMap(({ value }) => value.tools ?? []));
  const kept = documents.filter(({ value }) => {
    if (value.kind === 'tool') return tools.has(value.name);
    return value.kind !== 'toolset' || toolsets.includes(value.name);
  });
  return ok(kept.map(({ part }) => part).join('---\n'));
}
