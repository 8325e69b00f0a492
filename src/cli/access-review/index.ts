import type { InstallCommands } from '../context.ts';
import { addReviewKeep, addReviewRevoke } from './decide.ts';
import { addReviewClose, addReviewOpen } from './open.ts';
import { addReviewLines, addReviewList, addReviewReport, addReviewShow } from './show.ts';

/** `chatelaine access-review …`: campaigns in which people decide who goes on holding what. */
export const installAccessReviewCommands: InstallCommands = (program, context) => {
  const review = program
    .command('access-review')
    .description('review who holds what, line by line: open a campaign, decide in it, close it');
  const verbs = [
    ...[addReviewOpen, addReviewList, addReviewShow, addReviewLines],
    ...[addReviewKeep, addReviewRevoke, addReviewClose, addReviewReport],
  ];
  for (const add of verbs) add(review, context);
};
