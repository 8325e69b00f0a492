import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, toSeconds } from '../print.ts';
import type { Key } from './key.ts';

interface RotateOptions extends ApiOptions {
  readonly grace?: string;
  readonly json?: true;
}

export const addKeyRotate: InstallCommands = (key, context) => {
  const command = key
    .command('rotate')
    .description('make a key like this one, which counts on for a while')
    .argument('<id>', 'the id of the old key, as `key list` shows it')
    .option('--grace <duration>', 'how long the old key still counts, at most 90d (default: 1d)');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: id, agent, key')
    .addHelpText('after', '\nExample:\n  $ chatelaine key rotate 06bxk2m9q4zv7c1n8hj3t5w0y2 --grace 2h')
    .action(async (id: string, options: RotateOptions) => {
      const [{ parseDuration }, { at }] = await Promise.all([import('#kernel'), import('../api/client.ts')]);
      const graceMs = options.grace === undefined ? undefined : parseDuration(options.grace);
      if (options.grace !== undefined && graceMs === undefined) {
        command.error(`error: option '--grace ${options.grace}' is not a duration such as 30m, 12h or 90d`);
      }
      const { made, old } = await withApi(context, options, async (api) => ({
        made: await api.post<{ readonly key: Key; readonly secret: string }>(
          `${at`/keys/${id}`}/rotate`,
          graceMs === undefined ? {} : { graceSeconds: graceMs / 1000 },
        ),
        old: await api.get<Key>(at`/keys/${id}`),
      }));
      const answer = { id: made.key.id, agent: made.key.agent, key: made.secret };
      context.stdout.write(
        options.json === true
          ? jsonLine(answer)
          : `Key ${answer.id} takes the place of ${id}, which counts until ${toSeconds(old.expiresAt)}:\n\n  ${answer.key}\n\nIt is shown this once: Chatelaine keeps its digest alone.\n`,
      );
    });
};
