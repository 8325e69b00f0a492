import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { describeReview, type AccessReview } from './review.ts';

interface OpenOptions extends ApiOptions {
  readonly namespace?: string;
  readonly everywhere?: true;
  readonly title: string;
  readonly due: string;
  readonly reviewer: readonly string[];
  readonly onDue: string;
  readonly json?: true;
}

export const addReviewOpen: InstallCommands = (review, context) => {
  const command = review
    .command('open')
    .description('open a review: its lines are who holds what now')
    .requiredOption('--title <text>', 'what it is called')
    .requiredOption('--due <moment>', 'until when it is to be decided, such as 2027-01-31T18:00:00Z')
    .requiredOption('--reviewer <ids...>', 'ids of the users who decide')
    .option('--namespace <name>', 'whose access it is about (default: default)')
    .option('--everywhere', 'about the access in all namespaces, and in none')
    .option('--on-due <what>', 'what becomes of lines that nobody has decided then: report or revoke', 'report');
  addApiOptions(command, context)
    .option('--json', 'print the review as one line of JSON')
    .addHelpText(
      'after',
      `
Example:
  $ chatelaine access-review open --namespace travel --title "spring" --due 2027-03-31T18:00:00Z --reviewer 06bxk2m9q4zv7c1n8hj3t5w0y2`,
    )
    .action(async (options: OpenOptions) => {
      const { namespace, everywhere, title, due, reviewer, onDue, json, ...api } = options;
      if (everywhere === true && namespace !== undefined) {
        command.error("error: '--everywhere' and '--namespace' exclude each other");
      }
      const { at } = await import('../api/client.ts');
      const place = everywhere === true ? '*' : (namespace ?? 'default');
      const body = { title, dueAt: due, reviewers: reviewer, onDue };
      const made = await withApi(context, api, (client) =>
        client.post<AccessReview>(at`/namespaces/${place}/access-reviews`, body),
      );
      context.stdout.write(json === true ? jsonLine(made) : describeReview(made));
    });
};

export const addReviewClose: InstallCommands = (review, context) => {
  const command = review
    .command('close')
    .description('end a review: nothing is decided in it any more, and its report stays')
    .argument('<id>', 'the id, as `access-review list` shows it');
  addApiOptions(command, context)
    .option('--json', 'print the review as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine access-review close 06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (id: string, { json, ...options }: ApiOptions & { readonly json?: true }) => {
      const { at } = await import('../api/client.ts');
      const closed = await withApi(context, options, (api) => api.post<AccessReview>(at`/access-reviews/${id}/close`));
      context.stdout.write(json === true ? jsonLine(closed) : describeReview(closed));
    });
};
