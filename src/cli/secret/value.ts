import { readFileSync } from 'node:fs';
import { reveal, Secret } from '#kernel';
import type { CliContext } from '../context.ts';
import { cliError } from '../errors.ts';
import type { ValueOptions } from './value-options.ts';

/** The field of each kind that is secret. */
const SECRET_FIELD: Readonly<Record<string, string>> = {
  'api-key': 'key',
  basic: 'password',
  bearer: 'token',
  'oauth-client': 'clientSecret',
  mtls: 'privateKey',
  password: 'password',
};

/**
 * The material of a secret as the API takes it. Throws `VALUE_IN_ARGUMENTS`, `VALUE_MISSING`,
 * `FILE_UNUSABLE`.
 */
export async function readMaterial(
  given: string | undefined,
  options: ValueOptions,
  context: CliContext,
): Promise<Record<string, string>> {
  if (given !== undefined || options.value !== undefined) {
    throw cliError('VALUE_IN_ARGUMENTS', 'the value of a secret is not taken from the command line');
  }
  const value = options.file === undefined ? await context.readSecret() : readText(options.file);
  if (value === undefined || reveal(value) === '') throw cliError('VALUE_MISSING', 'no value was given');
  return {
    kind: options.kind,
    ...(options.username !== undefined && { username: options.username }),
    ...(options.clientId !== undefined && { clientId: options.clientId }),
    ...(options.certificate !== undefined && { certificate: reveal(readText(options.certificate)) }),
    [SECRET_FIELD[options.kind] as string]: reveal(value),
  };
}

function readText(file: string): Secret {
  try {
    return new Secret(withoutLineEnd(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw cliError('FILE_UNUSABLE', `\`${file}\` cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

/** The line end that editors and `echo` leave is not part of a password. */
const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '');
