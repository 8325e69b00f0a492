import { existsSync } from 'node:fs';
import type { CliContext } from '#cli';
import {
  loadConfiguration,
  locationOf,
  prebuiltInputs,
  readInputs,
  sourceTypes,
  type ConfigurationInput,
  type ConfigurationLocation,
  type Loaded,
} from '#toolbox';
import { mainError } from '../errors.ts';
import type { ConfigurationOptions } from './configuration-options.ts';
import { startQuickstart } from './quickstart.ts';
import { orThrow } from './told-problems.ts';

/** The documents that options name: of files, that come with the product, and said on the command line. */
export interface NamedDocuments {
  /** Where the files are; undefined where there are none to follow. */
  readonly location: ConfigurationLocation | undefined;
  readonly isQuickstart: boolean;
  readonly first: Loaded & { readonly inputs: readonly ConfigurationInput[] };
  /** The configuration that these files are, with what stands beside them. Throws every problem in them. */
  load(inputs: readonly ConfigurationInput[]): Loaded;
  /** Ends what was started for them. */
  close(): Promise<void>;
}

/** Throws `OPTION_INVALID`, `CONFIGURATION_MISSING` and `CONFIGURATION_INVALID`. */
export async function readNamedDocuments(
  options: ConfigurationOptions,
  surroundings: { context: CliContext; dataDir: string; beside: ConfigurationInput | undefined },
): Promise<NamedDocuments> {
  const { context, beside } = surroundings;
  const named = locationOf(options);
  if (!named.ok) throw mainError('OPTION_INVALID', named.error);
  const prebuilt = await prebuiltInputs(options.prebuilt ?? [], process.cwd());
  if (!prebuilt.ok) throw mainError('OPTION_INVALID', prebuilt.error.join('; '));
  const isPrebuilt = prebuilt.value.length > 0;
  const quickstart =
    named.value === undefined && !isPrebuilt && options.quickstart ? await startQuickstart(surroundings) : undefined;
  const isSaid = isPrebuilt || beside !== undefined;
  const location = quickstart?.location ?? named.value ?? (isSaid ? undefined : defaultLocation());
  const always = [...prebuilt.value, ...(beside === undefined ? [] : [beside])];
  const env = { ...context.env, ...quickstart?.environment };
  const load = (inputs: readonly ConfigurationInput[]): Loaded =>
    orThrow(loadConfiguration([...always, ...inputs], { env, catalog: sourceTypes }));
  const inputs = location === undefined ? [] : orThrow(await readInputs(location));
  return {
    ...{ location, load, isQuickstart: quickstart !== undefined },
    first: { ...load(inputs), inputs },
    close: async () => await quickstart?.stop(),
  };
}

/** `tools.yaml` in the current folder, as MCP Toolbox has it. */
function defaultLocation(): ConfigurationLocation {
  if (!existsSync('tools.yaml'))
    throw mainError('CONFIGURATION_MISSING', 'no configuration was named, and there is no `tools.yaml` in this folder');
  return { kind: 'files', files: ['tools.yaml'] };
}
