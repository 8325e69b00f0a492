import { stat } from 'node:fs/promises';
import { err, ok, type Result } from '#kernel';
import type { ConfigurationInput, Problem } from '#toolbox';

/** Reads the files that a command names; a folder stands for its `.yaml` and `.yml` files. */
export async function readNamed(
  names: readonly string[],
): Promise<Result<readonly ConfigurationInput[], readonly Problem[]>> {
  const { readInputs } = await import('#toolbox');
  const inputs: ConfigurationInput[] = [];
  const problems: Problem[] = [];
  for (const name of names) {
    const facts = await stat(name).catch(() => undefined);
    const isFolder = facts?.isDirectory() === true;
    const read = await readInputs(isFolder ? { kind: 'folder', folder: name } : { kind: 'files', files: [name] });
    if (read.ok) inputs.push(...read.value);
    else problems.push(...read.error);
  }
  return problems.length > 0 ? err(problems) : ok(inputs);
}
