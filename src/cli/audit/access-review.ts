import type { AccessReview } from '#audit';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { table, toSeconds } from '../print.ts';

interface ReviewOptions extends ApiOptions {
  readonly unusedDays: string;
  readonly json?: true;
}

export const addAuditAccessReview: InstallCommands = (audit, context) => {
  const command = audit
    .command('access-review')
    .description('show who holds which roles, keys and secrets, when each was last used, and what stands out')
    .option('--unused-days <number>', 'what was not used for so many days stands out', '90');
  addApiOptions(command, context)
    .option('--json', 'print the whole review as one line of JSON')
    .addHelpText(
      'after',
      `
It is on record who asked.

Examples:
  $ chatelaine audit access-review
  $ chatelaine audit access-review --unused-days 30 --json > access-2026-12.json`,
    )
    .action(async (options: ReviewOptions) => {
      const [{ show, done }, { writeAll }] = await Promise.all([
        import('../progress.ts').then(({ progressLine }) => progressLine(context.stderr, () => context.clock.now())),
        import('./pieces.ts'),
      ]);
      try {
        await withApi(context, options, async (api) => {
          show?.('looking at who holds what', 0);
          const onBytes = (bytes: number): void => show?.('looking at who holds what', bytes);
          const text: string[] = [];
          const sink = options.json === true ? context.stdout : { write: (piece: string) => text.push(piece) };
          await api.stream('/audit/access-review', { unusedDays: options.unusedDays }, (pieces) =>
            writeAll(pieces, sink, onBytes),
          );
          done();
          context.stdout.write(
            options.json === true ? '\n' : describeReview(JSON.parse(text.join('')) as AccessReview),
          );
        });
      } finally {
        done();
      }
    });
};

function describeReview({ holders, since }: AccessReview): string {
  if (holders.length === 0) return 'Nobody holds anything.\n';
  const rows = holders.map(({ kind, name, namespace, disabled, roles, keys, secrets, lastSeen, remarks }) => [
    kind,
    kind === 'agent' ? `${namespace}/${name}` : name,
    disabled ? 'disabled' : 'enabled',
    roles.map(describeRole).join(', ') || '-',
    String(keys.length),
    String(secrets.length),
    lastSeen === undefined ? 'never' : toSeconds(lastSeen.time),
    remarks.join(', ') || '-',
  ]);
  const notable = holders.filter(({ remarks }) => remarks.length > 0).length;
  return (
    table(['KIND', 'NAME', 'STATE', 'ROLES', 'KEYS', 'SECRETS', 'LAST SEEN', 'STANDS OUT'], rows) +
    `\n${notable} of ${holders.length} stand out. Unused means: not since ${toSeconds(since)}. \`--json\` names keys and secrets.\n`
  );
}

/** `user in travel (group travel/planners)`. */
function describeRole({ role, namespace, by, disabled }: AccessReview['holders'][number]['roles'][number]): string {
  const notes = [...(by === undefined ? [] : [by]), ...(disabled === true ? ['disabled'] : [])];
  const where = namespace === undefined ? 'everywhere' : `in ${namespace}`;
  return `${role} ${where}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
}
