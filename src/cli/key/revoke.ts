import type { InstallCommands } from '../context.ts';
import { databaseOption, dataDirectoryOption, withIdentity, type DatabaseOptions } from '../data-directory.ts';
import { isoMoment, jsonLine } from '../print.ts';

interface RevokeOptions extends DatabaseOptions {
  readonly json?: true;
}

export const addKeyRevoke: InstallCommands = (key, context) => {
  key
    .command('revoke')
    .description('take a key back for good; servers on the data directory refuse it within a second')
    .argument('<id>', 'the id, as `key list` shows it')
    .addOption(databaseOption())
    .addOption(dataDirectoryOption(context))
    .option('--json', 'print one line of JSON: id, agent, revokedAt')
    .addHelpText('after', '\nExample:\n  $ chatelaine key revoke 06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (given: string, options: RevokeOptions) => {
      const { parseKeyText } = await import('#identity');
      // Who found a leaked key has all of it at hand. Taking its id from it also keeps the key out
      // of the message that says that nothing has that id.
      const id = parseKeyText(given)?.id ?? given;
      const revoked = await withIdentity(context, options, ({ keys }, by) => keys.revoke(by, id));
      const revokedAt = isoMoment(revoked.revokedAt);
      context.stdout.write(
        options.json === true
          ? jsonLine({ id: revoked.id, agent: revoked.agent, revokedAt })
          : `Key ${revoked.id} of the agent \`${revoked.agent}\` is revoked since ${revokedAt}.\n`,
      );
    });
};
