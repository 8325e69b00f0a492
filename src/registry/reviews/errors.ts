import { defineErrors, type ChatelaineError } from '#kernel';

/** What can be wrong with a review of access, and with decisions in one. */
export const reviewError = defineErrors('registry reviews', {
  REVIEW_UNKNOWN: {
    status: 404,
    title: 'there is no such access review',
    remedy: '`chatelaine access-review list` shows those that there are.',
  },
  REVIEW_LINE_UNKNOWN: {
    status: 404,
    title: 'the access review has no such line',
    remedy: '`chatelaine access-review lines ID` shows them with their numbers.',
  },
  REVIEW_DUE_REFUSED: {
    status: 400,
    title: 'an access review cannot be due at that moment',
    remedy: 'Name a moment from now on, at most 366 days away.',
  },
  REVIEW_REVIEWER_UNKNOWN: {
    status: 400,
    title: 'only a person who may come in reviews access',
    remedy: 'Name ids of users who are not disabled: `chatelaine user list`.',
  },
  REVIEW_OPENER_REFUSED: {
    status: 403,
    title: 'an access review is opened by somebody who is known here',
    remedy: 'What is decided is taken away as whoever opened it: sign in here, or use a key of an agent.',
  },
  REVIEW_TOO_LARGE: {
    status: 400,
    title: 'the access review would have more lines than people decide about',
    remedy: 'Open one for each namespace.',
  },
  REVIEW_NOT_REVIEWER: {
    status: 403,
    title: 'only its reviewers decide in an access review, in person',
    remedy: 'One of the people whom `chatelaine access-review show ID` names signs in and decides.',
  },
  REVIEW_OWN: {
    status: 403,
    title: 'nobody decides about their own access',
    remedy: 'Another reviewer decides: not who holds it, nor who answers for the agent that does.',
  },
  REVIEW_REASON_MISSING: {
    status: 400,
    title: 'taking access away takes a reason',
    remedy: 'Say why in `reason`; to keep it none is needed.',
  },
  REVIEW_DECIDED: {
    status: 409,
    title: 'that line was decided already',
    remedy: 'What was kept can still be revoked; what was revoked is given anew where it was given before.',
  },
  REVIEW_CLOSED: {
    status: 409,
    title: 'the access review is closed',
    remedy: 'Its report stays. Open another one: `chatelaine access-review open`.',
  },
  REVIEW_HOLDER_CHANGED: {
    status: 409,
    title: 'what the agent holds was changed meanwhile',
    remedy: 'Look at the line again, and decide again.',
  },
});

export const unknownReview = (id: string): ChatelaineError =>
  reviewError('REVIEW_UNKNOWN', `there is no access review \`${id.slice(0, 26)}\``);
export const unknownLine = (id: string, line: number): ChatelaineError =>
  reviewError('REVIEW_LINE_UNKNOWN', `the access review \`${id.slice(0, 26)}\` has no line ${line}`);
