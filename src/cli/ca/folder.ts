import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '#kernel';

export interface FolderOptions {
  readonly dir?: string;
  readonly dataDir: string;
  readonly json?: true;
}

export const folderOption = (): Option =>
  new Option('--dir <folder>', 'where the authority is kept (default: `ca` in the data directory)');

/** The authority that the options mean. */
export async function openFolder({ dir, dataDir }: FolderOptions) {
  const { AuthorityFolder } = await (await import('#tls')).loadCertificateAuthority();
  return new AuthorityFolder(resolve(dir ?? join(dataDir, 'ca')));
}

/** The option that names the same authority again, for commands that messages tell to run next. */
export const sameFolder = ({ dir }: Pick<FolderOptions, 'dir'>): string =>
  dir === undefined ? '' : ` --dir ${/^[\w./-]+$/.test(dir) ? dir : `'${dir.replaceAll("'", `'\\''`)}'`}`;

/** A duration of the command line, in milliseconds. */
export function lifetime(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It is not a duration such as 12h or 90d.');
  return ms;
}
