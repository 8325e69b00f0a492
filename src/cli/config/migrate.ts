import { copyFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import type { ConfigurationInput } from '#toolbox';
import { EXIT, type TextSink } from '../context.ts';
import { readNamed } from './read-named.ts';

export interface MigrateOptions {
  readonly files: readonly string[];
  /** Print what would be written, and write nothing. */
  readonly dryRun?: boolean | undefined;
}

/**
 * `chatelaine config migrate FILE…`: rewrites the older nested form as one document per entry. The
 * file as it was stays beside it as `.bak`. Resolves to the exit code; files that cannot be read are
 * reported and left alone, the others are migrated all the same.
 */
export async function migrateConfiguration(
  { files, dryRun }: MigrateOptions,
  { stdout }: { readonly stdout: TextSink },
): Promise<number> {
  const { formatProblem, migrateInput } = await import('#toolbox');
  const inputs = await readNamed(files);
  if (!inputs.ok) {
    for (const problem of inputs.error) stdout.write(`${formatProblem(problem)}\n\n`);
    return EXIT.failure;
  }
  let code: number = EXIT.ok;
  for (const input of inputs.value) {
    const migrated = migrateInput(input);
    if (!migrated.ok) {
      for (const problem of migrated.error) stdout.write(`${formatProblem(problem)}\n\n`);
      code = EXIT.failure;
    } else if (migrated.value === undefined) {
      stdout.write(`${input.file}: nothing to migrate\n`);
    } else if (dryRun === true) {
      stdout.write(`# ${input.file}\n${migrated.value}`);
    } else {
      stdout.write(`${input.file}: migrated; as it was: ${await replace(input, migrated.value)}\n`);
    }
  }
  return code;
}

/** Puts the text in the place of the file, at once and with its mode; gives where the old one is. */
async function replace({ file }: ConfigurationInput, text: string): Promise<string> {
  // Through a link to the file itself: the link should stay one.
  const target = await realpath(file);
  const backup = await keep(target);
  const { mode } = await stat(target);
  const next = `${target}.new`;
  await writeFile(next, text, { mode, flag: 'wx' });
  await rename(next, target);
  return backup;
}

/** A copy beside the file that overwrites none from before: `tools.yaml.bak`, `tools.yaml.bak.1`, … */
async function keep(file: string): Promise<string> {
  for (let number = 0; ; number++) {
    const backup = number === 0 ? `${file}.bak` : `${file}.bak.${number}`;
    try {
      await copyFile(file, backup, constants.COPYFILE_EXCL);
      return backup;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    }
  }
}
