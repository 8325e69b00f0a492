import { InvalidArgumentError } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import type { Approval } from './approval.ts';

interface WatchOptions extends ApiOptions {
  readonly every: number;
  readonly times?: number;
  readonly json?: true;
}

export const addApprovalWatch: InstallCommands = (approval, context) => {
  const command = approval
    .command('watch')
    .description('print each call that waits for your yes, as it comes; until it is interrupted');
  addApiOptions(command, context)
    .option('--every <seconds>', 'how often to look (default: 3)', wholeNumber, 3)
    .option('--times <number>', 'look so many times and end', wholeNumber)
    .option('--json', 'print one line of JSON for each: the approval')
    .addHelpText('after', '\nExample:\n  $ chatelaine approval watch --server https://tools.example.com')
    .action(async ({ every, times = Number.POSITIVE_INFINITY, ...options }: WatchOptions) => {
      const { describeApproval } = await import('./approval.ts');
      await withApi(context, options, async (api) => {
        const [{ at }, told] = [await import('../api/client.ts'), new Set<string>()];
        for (let looked = 1; ; looked++) {
          const { items } = await api.get<{ readonly items: readonly Approval[] }>('/users/me/approvals', {
            which: 'to-decide',
          });
          // The oldest first: it is over soonest.
          for (const { id } of items.toReversed()) {
            if (told.has(id)) continue;
            told.add(id);
            const one = await api.get<Approval>(at`/approvals/${id}`);
            context.stdout.write(options.json === true ? jsonLine(one) : `${describeApproval(one)}\n`);
          }
          if (looked >= times) return;
          await sleep(every * 1000);
        }
      });
    });
};

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d{1,6}$/.test(text) || number < 1) throw new InvalidArgumentError('It is not a whole number from 1.');
  return number;
}
