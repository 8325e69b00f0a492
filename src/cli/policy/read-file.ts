import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { PolicyForm } from '#contract';
import type { CliContext } from '../context.ts';
import { cliError } from '../errors.ts';

/** What a `.cedar` file says beside its rules, in options. */
export interface FileOptions {
  readonly name?: string;
  readonly namespace: string;
  readonly everywhere?: true;
  readonly priority?: string;
  readonly description?: string;
  readonly shadow?: true;
  readonly disabled?: true;
}

/** A policy as a file has it, ready for the API. */
export interface WrittenPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly body: {
    readonly priority?: number;
    readonly description?: string;
    readonly cedar?: string | undefined;
    readonly form?: PolicyForm | undefined;
    readonly shadow?: boolean;
    readonly enabled?: boolean;
  };
}

/**
 * The policies of a file: one of a `.cedar` file, which is called as the file is, or all `kind: policy` documents of
 * a YAML file. Throws `FILE_UNUSABLE`, `CONFIGURATION_UNUSABLE` and `POLICY_FILE_REFUSED`.
 */
export async function readPolicyFile(
  file: string,
  options: FileOptions,
  context: Pick<CliContext, 'env'>,
): Promise<readonly WrittenPolicy[]> {
  if (extname(file) !== '.cedar') return await readDocuments(file, context);
  const cedar = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw cliError('FILE_UNUSABLE', `\`${file}\` cannot be read`, { cause });
  });
  const { priority, description, shadow, disabled } = options;
  if (priority !== undefined && !/^-?\d{1,7}$/.test(priority))
    throw cliError('POLICY_FILE_REFUSED', `\`--priority ${priority}\` is not a whole number`);
  return [
    {
      namespace: options.everywhere === true ? '*' : options.namespace,
      name: options.name ?? basename(file, '.cedar'),
      body: {
        cedar,
        ...(priority !== undefined && { priority: Number(priority) }),
        ...(description !== undefined && { description }),
        ...{ shadow: shadow === true, enabled: disabled !== true },
      },
    },
  ];
}

async function readDocuments(file: string, { env }: Pick<CliContext, 'env'>): Promise<readonly WrittenPolicy[]> {
  const [{ loadConfiguration, sourceTypes, formatProblem }, { readNamed }] = await Promise.all([
    import('#toolbox'),
    import('../config/read-named.ts'),
  ]);
  const inputs = await readNamed([file]);
  const loaded = inputs.ok ? loadConfiguration(inputs.value, { env, catalog: sourceTypes }) : inputs;
  if (!loaded.ok) {
    const said = loaded.error.map((problem) => formatProblem(problem)).join('\n\n');
    throw cliError('CONFIGURATION_UNUSABLE', `\`${file}\` is refused:\n\n${said}\n`);
  }
  const { policies } = loaded.value.configuration;
  if (policies.length === 0)
    throw cliError('POLICY_FILE_REFUSED', `there is no document of \`kind: policy\` in \`${file}\``);
  return policies.map(({ namespace, name, everywhere, priority, description, cedar, form, shadow, enabled }) => ({
    ...{ namespace: everywhere ? '*' : namespace, name },
    body: { priority, description, ...(cedar === undefined ? { form } : { cedar }), shadow, enabled },
  }));
}
