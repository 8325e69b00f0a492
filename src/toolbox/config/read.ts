import { createHash } from 'node:crypto';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { err, ok, type Result } from '#kernel';
import type { ConfigurationInput } from './parse.ts';
import { problemAt, wholeFile, type Problem } from './problems.ts';
import { FILE_LIMITS } from './yaml-limits.ts';

/** Where the configuration is: files in the order they were named, or every YAML file of a folder. */
export type ConfigurationLocation =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | { readonly kind: 'folder'; readonly folder: string };

/** The three options that name it, of which at most one is given. */
export interface LocationOptions {
  readonly config?: string | undefined;
  /** Several files, separated by commas. */
  readonly configs?: string | undefined;
  readonly configFolder?: string | undefined;
}

/** The location that the options name; undefined when they name none, text when they name several. */
export function locationOf(options: LocationOptions): Result<ConfigurationLocation | undefined, string> {
  const given = [
    options.config !== undefined && '--config',
    options.configs !== undefined && '--configs',
    options.configFolder !== undefined && '--config-folder',
  ].filter((option) => option !== false);
  if (given.length > 1) return err(`${given.join(' and ')} exclude each other; name the configuration once`);
  if (options.configFolder !== undefined) return ok({ kind: 'folder', folder: options.configFolder });
  if (options.config !== undefined) return ok({ kind: 'files', files: [options.config] });
  if (options.configs === undefined) return ok(undefined);
  const files = options.configs.split(',').map((file) => file.trim());
  if (files.some((file) => file === '')) return err('`--configs` has an empty name between its commas');
  return ok({ kind: 'files', files });
}

/** Reads every file of the location, or says which cannot be read. */
export async function readInputs(
  location: ConfigurationLocation,
): Promise<Result<readonly ConfigurationInput[], readonly Problem[]>> {
  const files = location.kind === 'files' ? ok(location.files) : await filesOf(location.folder);
  if (!files.ok) return files;
  const read = await Promise.all(files.value.map(readInput));
  const problems = read.flatMap((one) => (one.ok ? [] : [one.error]));
  return problems.length > 0 ? err(problems) : ok(read.flatMap((one) => (one.ok ? [one.value] : [])));
}

/** The `.yaml` and `.yml` files right in the folder, by name; hidden ones are Kubernetes' own. */
async function filesOf(folder: string): Promise<Result<readonly string[], readonly Problem[]>> {
  try {
    const names = await readdir(folder);
    const files = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).toSorted((a, b) => (a < b ? -1 : 1));
    if (files.length > 0) return ok(files.map((name) => join(folder, name)));
    return err([unreadable(folder, 'the folder holds no `.yaml` or `.yml` file')]);
  } catch (cause) {
    return err([unreadable(folder, explain(cause))]);
  }
}

async function readInput(file: string): Promise<Result<ConfigurationInput, Problem>> {
  try {
    // The open file is asked, not the name: a name may point elsewhere a moment later.
    await using handle = await open(file, 'r');
    const facts = await handle.stat();
    if (facts.isDirectory()) return err(unreadable(file, 'this is a folder; name it with `--config-folder`'));
    if (facts.size > FILE_LIMITS.bytes)
      return err(unreadable(file, `the file is larger than ${FILE_LIMITS.bytes} bytes`));
    return ok({ file, directory: dirname(resolve(file)), bytes: await handle.readFile() });
  } catch (cause) {
    return err(unreadable(file, explain(cause)));
  }
}

const unreadable = (file: string, message: string): Problem => problemAt(wholeFile(file), 'FILE_UNREADABLE', message);

function explain(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file or folder';
  if (code === 'EACCES') return 'the process may not read it';
  return `it cannot be read (${code ?? 'unknown reason'})`;
}

/**
 * A short text that changes when any file of the location is replaced or written, without reading
 * them: what `readInputs` gave belongs together when it is the same before and after.
 */
export async function fingerprint(location: ConfigurationLocation): Promise<string> {
  const hash = createHash('sha256');
  const files = location.kind === 'files' ? ok(location.files) : await filesOf(location.folder);
  for (const file of files.ok ? files.value : []) {
    try {
      const target = await realpath(file);
      const { ino, size, mtimeNs } = await stat(target, { bigint: true });
      hash.update(JSON.stringify([file, target, String(ino), String(size), String(mtimeNs)]));
    } catch {
      hash.update(JSON.stringify([file, 'unreadable']));
    }
  }
  return hash.digest('hex');
}
