import { withApi } from '../api/index.ts';
import type { ApiClient } from '../api/client.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { addSecretOptions, describeSecrets, type Secret, type SecretOptions } from './secret.ts';
import { addValueOptions, VALUE_HELP, type ValueOptions } from './value-options.ts';

interface PutOptions extends SecretOptions, ValueOptions {
  readonly description?: string;
  readonly expires?: string;
  readonly overlap?: string;
}

export const addSecretPut: InstallCommands = (secret, context) => {
  const command = secret
    .command('put')
    .description('keep a secret, or put a new value in the place of its old ones')
    .option('--description <text>', 'what it is for')
    .option('--expires <duration>', 'how long it may be used, such as 90d (default: no end)');
  addValueOptions(addSecretOptions(command, context))
    .addHelpText(
      'after',
      `${VALUE_HELP}

Examples:
  $ chatelaine secret put warehouse --kind password < warehouse.txt
  $ chatelaine secret put weather --kind api-key --file /run/secrets/weather`,
    )
    .action(async (name: string, value: string | undefined, options: PutOptions) => {
      const [{ at }, { readMaterial }] = await Promise.all([import('../api/client.ts'), import('./value.ts')]);
      const path = at`/secrets/${options.namespace}/${name}`;
      const body = {
        material: await readMaterial(value, options, context),
        ...(options.description !== undefined && { description: options.description }),
        ...(await expiryOf(options, context.clock.now())),
      };
      const put = await withApi(context, { ...options, create: true }, async (api) => {
        const headers = await preconditionOf(api, path);
        return (await api.ask<Secret>({ method: 'PUT', path, headers, body })).body;
      });
      context.stdout.write(options.json === true ? jsonLine(put) : describeSecrets([put]));
    });
};

export const addSecretRotate: InstallCommands = (secret, context) => {
  const command = secret
    .command('rotate')
    .description('put a new value in front; the old one can still be read by its number for a while')
    .requiredOption('--overlap <duration>', 'how long, such as 24h; at most 90d')
    .option('--expires <duration>', 'how long the new value may be used (default: no end)');
  addValueOptions(addSecretOptions(command, context))
    .addHelpText(
      'after',
      `${VALUE_HELP}

Example:
  $ chatelaine secret rotate warehouse --kind password --overlap 24h < new.txt`,
    )
    .action(async (name: string, value: string | undefined, options: PutOptions) => {
      const [{ at }, { readMaterial }] = await Promise.all([import('../api/client.ts'), import('./value.ts')]);
      const overlapSeconds = Math.round((await durationOf('--overlap', options.overlap as string)) / 1000);
      const body = {
        material: await readMaterial(value, options, context),
        overlapSeconds,
        ...(await expiryOf(options, context.clock.now())),
      };
      const path = `${at`/secrets/${options.namespace}/${name}`}/rotate`;
      const rotated = await withApi(context, options, (api) => api.post<Secret>(path, body));
      context.stdout.write(options.json === true ? jsonLine(rotated) : describeSecrets([rotated]));
    });
};

/** The state that is changed: somebody else's change in between is not overwritten unseen. */
async function preconditionOf(api: ApiClient, path: string): Promise<Record<string, string>> {
  const { ChatelaineError } = await import('#kernel');
  try {
    const { etag } = await api.ask<Secret>({ method: 'GET', path });
    return { 'if-match': etag ?? '*' };
  } catch (error) {
    if (error instanceof ChatelaineError && error.code === 'SECRET_UNKNOWN') return { 'if-none-match': '*' };
    throw error;
  }
}

async function expiryOf({ expires }: PutOptions, now: number): Promise<{ readonly expiresAt?: string }> {
  if (expires === undefined) return {};
  return { expiresAt: new Date(now + (await durationOf('--expires', expires))).toISOString() };
}

async function durationOf(option: string, text: string): Promise<number> {
  const [{ parseDuration }, { cliError }] = await Promise.all([import('#kernel'), import('../errors.ts')]);
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw cliError('DURATION_UNREADABLE', `\`${option} ${text}\` is not a duration such as 30m, 12h or 90d`);
}
