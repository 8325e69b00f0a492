import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { describeLines, describeReview, describeReviews, type AccessReview, type ReviewLine } from './review.ts';

interface ListOptions extends ApiOptions {
  readonly mine?: true;
  readonly json?: true;
}

export const addReviewList: InstallCommands = (review, context) => {
  const command = review
    .command('list')
    .description('show the reviews of the namespaces that you administer or audit, the newest first')
    .option('--mine', 'open ones in which you decide');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"reviews": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine access-review list --mine')
    .action(async ({ mine, json, ...options }: ListOptions) => {
      const reviews = await withApi(context, options, async (api) =>
        mine === true
          ? (await api.get<{ readonly items: readonly AccessReview[] }>('/users/me/access-reviews')).items
          : await api.all<AccessReview>('/access-reviews', {}),
      );
      const text = reviews.length === 0 ? 'There is no access review.\n' : describeReviews(reviews);
      context.stdout.write(json === true ? jsonLine({ reviews }) : text);
    });
};

export const addReviewShow: InstallCommands = (review, context) => {
  const command = review
    .command('show')
    .description('show one review, with how many lines are decided')
    .argument('<id>', 'the id, as `access-review list` shows it');
  addApiOptions(command, context)
    .option('--json', 'print the review as one line of JSON')
    .addHelpText('after', '\nExample:\n  $ chatelaine access-review show 06bxk2m9q4zv7c1n8hj3t5w0y2')
    .action(async (id: string, { json, ...options }: ApiOptions & { readonly json?: true }) => {
      const { at } = await import('../api/client.ts');
      const shown = await withApi(context, options, (api) => api.get<AccessReview>(at`/access-reviews/${id}`));
      context.stdout.write(json === true ? jsonLine(shown) : describeReview(shown));
    });
};

interface LinesOptions extends ApiOptions {
  readonly state?: string;
  readonly json?: true;
}

interface LinePage {
  readonly items: readonly ReviewLine[];
  readonly next?: number;
}

export const addReviewLines: InstallCommands = (review, context) => {
  const command = review
    .command('lines')
    .description('show what a review is about, line by line')
    .argument('<id>', 'the id, as `access-review list` shows it')
    .option('--state <state>', 'only those that are undecided, kept, revoked, outstanding or gone');
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: {"lines": […]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine access-review lines 06bxk2m9q4zv7c1n8hj3t5w0y2 --state undecided')
    .action(async (id: string, { state, json, ...options }: LinesOptions) => {
      const { at } = await import('../api/client.ts');
      const lines = await withApi(context, options, async (api) => {
        const found: ReviewLine[] = [];
        for (let after: number | undefined, more = true; more;) {
          const query = { limit: '1000', state, after: after === undefined ? undefined : String(after) };
          const page = await api.get<LinePage>(at`/access-reviews/${id}/lines`, query);
          found.push(...page.items);
          after = page.next;
          more = after !== undefined;
        }
        return found;
      });
      const text = lines.length === 0 ? 'There is no such line.\n' : describeLines(lines);
      context.stdout.write(json === true ? jsonLine({ lines }) : text);
    });
};

export const addReviewReport: InstallCommands = (review, context) => {
  const command = review
    .command('report')
    .description('show who decided what and when, with counts')
    .argument('<id>', 'the id, as `access-review list` shows it');
  addApiOptions(command, context)
    .option('--json', 'print the report as one line of JSON, to be kept as evidence')
    .addHelpText(
      'after',
      '\nExample:\n  $ chatelaine access-review report 06bxk2m9q4zv7c1n8hj3t5w0y2 --json > spring.json',
    )
    .action(async (id: string, { json, ...options }: ApiOptions & { readonly json?: true }) => {
      const [{ at }, { writeAll }] = await Promise.all([import('../api/client.ts'), import('../audit/pieces.ts')]);
      const text: string[] = [];
      const sink = { write: (piece: string) => text.push(piece) };
      await withApi(context, options, (api) =>
        api.stream(at`/access-reviews/${id}/report`, {}, (pieces) => writeAll(pieces, sink, () => {})),
      );
      const report = JSON.parse(text.join('')) as AccessReview & { readonly lines: readonly ReviewLine[] };
      context.stdout.write(
        json === true ? jsonLine(report) : `${describeReview(report)}\n${describeLines(report.lines)}`,
      );
    });
};
