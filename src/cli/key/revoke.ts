import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, toSeconds } from '../print.ts';
import type { Key } from './key.ts';

interface RevokeOptions extends ApiOptions {
  readonly json?: true;
}

export const addKeyRevoke: InstallCommands = (key, context) => {
  const command = key
    .command('revoke')
    .description('take a key back for good; servers on the data directory refuse it within a second')
    .argument('<id>', 'the id, as `key list` shows it');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: id, agent, revokedAt')
    .addHelpText('after', '\nExample:\n  $ chatelaine key revoke 06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (given: string, options: RevokeOptions) => {
      const [{ parseKeyText }, { at }] = await Promise.all([import('#identity'), import('../api/client.ts')]);
      // Who found a leaked key has all of it at hand. Taking its id from it also keeps the key out
      // of the message that says that nothing has that id, and out of the path of a request.
      const id = parseKeyText(given)?.id ?? given.slice(0, LONGEST_ID);
      const revoked = await withApi(context, options, (api) => api.post<Key>(at`/keys/${id}/revoke`));
      const revokedAt = toSeconds(revoked.revokedAt);
      context.stdout.write(
        options.json === true
          ? jsonLine({ id: revoked.id, agent: revoked.agent, revokedAt })
          : `Key ${revoked.id} of the agent \`${revoked.agent}\` is revoked since ${revokedAt}.\n`,
      );
    });
};

/** A key that was copied badly begins with `chk_` and its id: 30 characters reach no secret. */
const LONGEST_ID = 30;
