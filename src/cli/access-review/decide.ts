import { InvalidArgumentError } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { describeDecided, type ReviewLine } from './review.ts';

interface DecideOptions extends ApiOptions {
  readonly reason?: string;
  readonly json?: true;
}

function lineNumber(text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text;
  throw new InvalidArgumentError('It is not the number of a line.');
}

const deciding =
  (decision: 'keep' | 'revoke'): InstallCommands =>
  (review, context) => {
    const command = review
      .command(decision)
      .description(decision === 'keep' ? 'keep what somebody holds' : 'take what somebody holds away, at once')
      .argument('<id>', 'the id of the review')
      .argument('<line>', 'the number of the line, as `access-review lines` shows it', lineNumber);
    if (decision === 'keep') command.option('--reason <text>', 'why');
    else command.requiredOption('--reason <text>', 'why');
    const reason = decision === 'keep' ? '' : ' --reason "left the team"';
    addApiOptions(command, context)
      .option('--json', 'print the line as one line of JSON')
      .addHelpText(
        'after',
        `\nExample:\n  $ chatelaine access-review ${decision} 06bxk2m9q4zv7c1n8hj3t5w0y2 17${reason}`,
      )
      .action(async (id: string, line: string, { reason: why, json, ...options }: DecideOptions) => {
        const { at } = await import('../api/client.ts');
        const body = { decision, ...(why !== undefined && { reason: why }) };
        const decided = await withApi(context, options, (api) =>
          api.post<ReviewLine>(at`/access-reviews/${id}/lines/${line}/decide`, body),
        );
        context.stdout.write(json === true ? jsonLine(decided) : describeDecided(decided));
      });
  };

export const addReviewKeep = deciding('keep');
export const addReviewRevoke = deciding('revoke');
