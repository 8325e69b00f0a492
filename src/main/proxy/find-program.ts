import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { mainError } from '../errors.ts';

/**
 * The absolute path of a program, as a shell would find it: looked for once, so that what runs later is what was found
 * when somebody typed it. Throws `OPTION_INVALID`.
 */
export function findProgram(program: string, path = ''): string {
  const places = program.includes('/')
    ? [resolve(program)]
    : path.split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(resolve(folder), program)]));
  const found = places.find(isProgram);
  if (found === undefined)
    throw mainError('OPTION_INVALID', `there is no program \`${program}\` that could be started`);
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
