/** `/api/v1/access-reviews`: campaigns in which people decide about access. */
import { z } from 'zod';
import { EVERYWHERE, resourceName, type Principal } from '#contract';
import { listing, route, stream, type Route } from '#http';
import { LOCAL_ISSUER, unknownUser, type UserDirectory } from '#identity';
import type { Clock } from '#kernel';
import { anyId, authorOf, cut } from '../parts.ts';
import { LINE_STATES, MOST_REVIEWERS, type Line } from './campaign.ts';
import type { Campaigns } from './campaigns.ts';
import { reviewError, unknownReview } from './errors.ts';
import { campaignAnswer, lineAnswer, reportOf, reviewReport, shownCampaign, shownLine } from './report.ts';

export interface ReviewRouteParts {
  readonly campaigns: Campaigns;
  readonly users: Pick<UserDirectory, 'placeOf'>;
  readonly clock: Clock;
}

const tag = 'access reviews';
const scopeName = z.union([z.literal(EVERYWHERE), resourceName]).describe('A namespace, or `*` for everything.');
const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^(?:[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[\n\t])*$/u, { error: 'holds characters that do not show' });
const whole = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .transform(Number)
    .refine((one) => one <= most);

const userInPath = z.strictObject({ id: z.string().min(1).max(128).describe('The id of the user, or `me`.') });
type UserInPath = z.output<typeof userInPath>;
const userMeant = ({ id }: UserInPath, { kind, iss, sub }: Principal): string =>
  id === 'me' && kind === 'user' && iss === LOCAL_ISSUER ? sub : id;

const USUAL_LINES = 100;

export function reviewRoutes({ campaigns, users, clock }: ReviewRouteParts): readonly Route[] {
  const one = {
    tag,
    params: z.strictObject({ id: anyId }),
    where: {
      target: ({ id }: { readonly id: string }, principal: Principal) => campaigns.placeOf(principal, id),
      missing: ({ id }: { readonly id: string }) => unknownReview(id),
    },
  } as const;
  const named = async (line: Line) => shownLine(line, await campaigns.nameOf(line));

  return [
    route({
      operationId: 'openAccessReview',
      method: 'POST',
      path: '/namespaces/{namespace}/access-reviews',
      summary: 'Open a review of access: its lines are who holds what now',
      description:
        'Roles, memberships, keys, credentials for tools, and policies that name somebody. What is revoked is taken away as whoever opens it.',
      tag,
      permission: 'access-review.open',
      params: z.strictObject({ namespace: scopeName }),
      where: {
        target: ({ namespace }) => ({ namespace }),
        missing: ({ namespace }) => nothingThere(namespace),
      },
      status: 201,
      body: z.strictObject({
        title: text(200),
        dueAt: z.iso.datetime({ offset: true }).describe('At most 366 days from now.'),
        reviewers: z.array(anyId).min(1).max(MOST_REVIEWERS).describe('Ids of users: people, and no agents.'),
        onDue: z
          .enum(['report', 'revoke'])
          .default('report')
          .describe('What becomes of lines that nobody has decided by then.'),
      }),
      errors: [
        ...['REVIEW_UNKNOWN', 'REVIEW_DUE_REFUSED', 'REVIEW_REVIEWER_UNKNOWN'],
        ...['REVIEW_OPENER_REFUSED', 'REVIEW_TOO_LARGE'],
      ],
      answer: campaignAnswer,
      handle: async (call) => {
        const { dueAt, ...body } = call.body;
        const wanted = { ...body, ...call.params, dueAt: Date.parse(dueAt) };
        return shownCampaign(await campaigns.open(authorOf(call), wanted), clock.now());
      },
    }),
    listing({
      operationId: 'listAccessReviews',
      path: '/access-reviews',
      summary: 'Reviews of access, the newest first',
      tag,
      permission: 'access-review.read',
      where: 'listed',
      query: z.strictObject({ namespace: scopeName.optional() }),
      item: campaignAnswer,
      position: z.string(),
      handle: async ({ namespaces, limit, after }) => {
        const found = await campaigns.list(namespaces, { before: after, limit: limit + 1 });
        return cut(found, limit, (campaign) => shownCampaign(campaign, clock.now()));
      },
    }),
    route({
      operationId: 'listAccessReviewsOfUser',
      method: 'GET',
      path: '/users/{id}/access-reviews',
      summary: 'Open reviews of access in which a user decides: the newest 200',
      tag,
      permission: 'access-review.read',
      params: userInPath,
      where: {
        target: (params: UserInPath, principal: Principal) => users.placeOf(principal, userMeant(params, principal)),
        missing: ({ id }: UserInPath) => unknownUser(id),
      },
      errors: ['USER_UNKNOWN'],
      answer: z.strictObject({ items: z.array(campaignAnswer) }),
      handle: async ({ params, principal }) => {
        const found = await campaigns.listOf(userMeant(params, principal));
        return { items: found.map((campaign) => shownCampaign(campaign, clock.now())) };
      },
    }),
    route({
      ...one,
      operationId: 'getAccessReview',
      method: 'GET',
      path: '/access-reviews/{id}',
      summary: 'One review of access, with how many lines are decided',
      permission: 'access-review.read',
      errors: ['REVIEW_UNKNOWN'],
      answer: campaignAnswer,
      handle: async ({ params }) => shownCampaign(await campaigns.find(params.id), clock.now()),
    }),
    route({
      ...one,
      operationId: 'listAccessReviewLines',
      method: 'GET',
      path: '/access-reviews/{id}/lines',
      summary: 'What a review of access is about, line by line',
      permission: 'access-review.read',
      query: z.strictObject({
        state: z.enum(LINE_STATES).optional().describe('As it is marked.'),
        after: whole(999_999_999).optional().describe('Only lines behind this one.'),
        limit: whole(1000).optional().meta({ type: 'integer', minimum: 1, maximum: 1000 }),
      }),
      errors: ['REVIEW_UNKNOWN'],
      answer: z.strictObject({
        items: z.array(lineAnswer),
        next: z.int().optional().describe('What `after` is for the lines behind these; absent on the last page.'),
      }),
      handle: async ({ params, query: { state, after = 0, limit = USUAL_LINES } }) => {
        const states = state === undefined ? {} : { states: [state] };
        const found = await campaigns.lines(params.id, { ...states, after, limit: limit + 1 });
        const items = await Promise.all(found.slice(0, limit).map(named));
        const last = items.at(-1);
        return { items, ...(found.length > limit && last && { next: last.line }) };
      },
    }),
    route({
      ...one,
      operationId: 'decideAccessReviewLine',
      method: 'POST',
      path: '/access-reviews/{id}/lines/{line}/decide',
      summary: 'Keep what somebody holds, or take it away at once',
      description:
        'A reviewer, in person, and never about their own access. What was kept can be revoked until the end.',
      permission: 'access-review.decide',
      params: z.strictObject({ id: anyId, line: whole(999_999_999) }),
      body: z.strictObject({
        decision: z.enum(['keep', 'revoke']),
        reason: text(1000).optional().describe('To revoke it, one is needed.'),
      }),
      errors: [
        ...['REVIEW_UNKNOWN', 'REVIEW_LINE_UNKNOWN', 'REVIEW_NOT_REVIEWER', 'REVIEW_OWN', 'REVIEW_REASON_MISSING'],
        ...['REVIEW_DECIDED', 'REVIEW_CLOSED', 'REVIEW_HOLDER_CHANGED'],
      ],
      answer: lineAnswer,
      // What is kept for a repetition would outlive a wish to be forgotten.
      replay: (answer) => ({ ...answer, reason: null, holder: { ...answer.holder, name: null } }),
      handle: async (call) => {
        const { id, line } = call.params;
        const { decision: verdict, reason } = call.body;
        return await named(await campaigns.decide(authorOf(call), id, line, { verdict, reason }));
      },
    }),
    route({
      ...one,
      operationId: 'closeAccessReview',
      method: 'POST',
      path: '/access-reviews/{id}/close',
      summary: 'End a review of access: nothing is decided in it any more, and its report stays',
      permission: 'access-review.close',
      errors: ['REVIEW_UNKNOWN', 'REVIEW_CLOSED'],
      answer: campaignAnswer,
      handle: async (call) => shownCampaign(await campaigns.close(authorOf(call), call.params.id), clock.now()),
    }),
    stream({
      ...one,
      operationId: 'reportAccessReview',
      path: '/access-reviews/{id}/report',
      summary: 'Who decided what and when in a review of access, line by line, with counts',
      permission: 'access-review.read',
      errors: ['REVIEW_UNKNOWN'],
      media: 'application/json',
      answer: reviewReport,
      handle: async ({ params: { id } }) =>
        reportOf(await campaigns.find(id), campaigns.pages(id), {
          now: clock.now(),
          nameOf: (line) => campaigns.nameOf(line),
        }),
    }),
  ];
}

const nothingThere = (namespace: string) =>
  reviewError('REVIEW_UNKNOWN', `nothing in the namespace \`${namespace.slice(0, 128)}\` is yours to review`);
