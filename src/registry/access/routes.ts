import { z } from 'zod';
import { resourceName, type Principal } from '#contract';
import { listing, moment, momentOf, route, type Route } from '#http';
import type { Clock } from '#kernel';
import { anyId, authorOf, cut, namespacesWith, ofTool } from '../parts.ts';
import { accessState, PENDING_MS, type AccessRequest } from './access-request.ts';
import type { AccessRequests } from './access-requests.ts';
import { unknownRequest } from './errors.ts';

export interface AccessRouteParts {
  readonly requests: AccessRequests;
  readonly clock: Clock;
}

const requestAnswer = z.strictObject({
  id: z.string(),
  tool: z.string().describe('`namespace/name`.'),
  subject: z
    .strictObject({ kind: z.enum(['user', 'agent']), id: z.string(), name: z.string() })
    .describe('Who is to have access.'),
  requestedBy: z.string(),
  policy: z.string().nullable().describe('The policy that the requester had in mind.'),
  justification: z.string(),
  state: z.enum(['pending', 'approved', 'rejected', 'cancelled', 'expired']),
  reviewedBy: z.string().nullable(),
  notes: z.string().nullable(),
  createdPolicy: z.string().nullable().describe('The id of the policy that the approval made.'),
  accessEndsAt: moment.nullable(),
  createdAt: moment,
  expiresAt: moment.describe('Until when it can be decided.'),
  decidedAt: moment.nullable(),
});

/** Several lines, and none of what changes how the others are read. */
const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^(?:[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[\n\t])*$/u, { error: 'holds characters that do not show' });

const tag = 'access requests';

/** `/api/v1/access/requests`, and asking for a tool. */
export function accessRoutes({ requests, clock }: AccessRouteParts): readonly Route[] {
  const shown = (one: AccessRequest): z.input<typeof requestAnswer> => ({
    id: one.id,
    tool: `${one.namespace}/${one.tool}`,
    subject: { ...one.subject },
    requestedBy: one.requestedBy,
    policy: one.policy,
    justification: one.justification,
    state: accessState(one, clock.now()),
    reviewedBy: one.reviewedBy,
    notes: one.notes,
    createdPolicy: one.createdPolicy,
    accessEndsAt: momentOf(one.accessEndsAt),
    createdAt: momentOf(one.createdAt),
    expiresAt: momentOf(one.createdAt + PENDING_MS),
    decidedAt: momentOf(one.decidedAt),
  });
  const one = {
    params: z.strictObject({ id: anyId }),
    where: {
      target: ({ id }: { readonly id: string }, principal: Principal) => requests.placeOf(principal, id),
      missing: ({ id }: { readonly id: string }) => unknownRequest(id),
    },
    answer: requestAnswer,
  } as const;
  const DECISION_ERRORS = [
    'ACCESS_REQUEST_UNKNOWN',
    'ACCESS_REQUEST_DECIDED',
    'ACCESS_REQUEST_OWN',
    'ACCESS_REVIEWER_REFUSED',
  ];

  return [
    route({
      ...ofTool,
      operationId: 'requestAccess',
      method: 'POST',
      path: '/tools/{namespace}/{name}/access/requests',
      summary: 'Ask for access to a tool, for oneself or for an agent that one answers for',
      description: 'Whether there is such a tool is for the reviewer to see.',
      tag,
      permission: 'tool.request',
      status: 201,
      body: z.strictObject({
        justification: text(2000),
        agent: z.string().min(1).max(128).optional().describe('The name of an agent of the same namespace.'),
        policy: z.string().min(1).max(256).optional().describe('The policy that you have in mind, for the reviewer.'),
      }),
      errors: ['ACCESS_TOOL_UNKNOWN', 'ACCESS_SUBJECT_REFUSED', 'ACCESS_REQUEST_PENDING', 'ACCESS_REQUEST_LIMIT'],
      answer: requestAnswer,
      handle: async (call) => {
        const { namespace, name: tool } = call.params;
        return shown(await requests.ask(authorOf(call), { ...call.body, namespace, tool }));
      },
    }),
    listing({
      operationId: 'listAccessRequests',
      path: '/access/requests',
      summary: 'The caller’s own requests, and all of the namespaces whose policies they write or audit, oldest first',
      tag,
      permission: 'access-request.list',
      where: 'listed',
      query: z.strictObject({
        namespace: resourceName.optional(),
        tool: z.string().min(1).max(128).optional().describe('The name of a tool.'),
        subject: anyId.optional().describe('The id of an agent or user.'),
        state: z.enum(['pending', 'approved', 'rejected', 'cancelled']).optional(),
      }),
      item: requestAnswer,
      position: z.string(),
      handle: async ({ query, limit, after, principal }) => {
        const { namespace, tool, subject: subjectId, state } = query;
        const seenIn = namespacesWith(principal, ['admin', 'policy_admin', 'auditor']);
        const ownOr = seenIn === 'all' ? undefined : { id: principal.sub, namespaces: seenIn };
        const filter = { namespace, tool, subjectId, state, ownOr };
        return cut(await requests.list(filter, { after, limit: limit + 1 }), limit, shown);
      },
    }),
    route({
      ...one,
      operationId: 'getAccessRequest',
      method: 'GET',
      path: '/access/requests/{id}',
      summary: 'One access request',
      tag,
      permission: 'access-request.read',
      errors: ['ACCESS_REQUEST_UNKNOWN'],
      handle: async ({ params }) => shown(await requests.find(params.id)),
    }),
    route({
      ...one,
      operationId: 'approveAccessRequest',
      method: 'POST',
      path: '/access/requests/{id}/approve',
      summary: 'Give access: makes a policy for the subject and the tool, which ends by itself',
      tag,
      permission: 'access-request.review',
      body: z.strictObject({
        notes: text(2000).optional(),
        expiresAt: z.iso
          .datetime({ offset: true })
          .optional()
          .describe('When access ends: in 30 days when left out, in 365 at most.'),
      }),
      errors: [...DECISION_ERRORS, 'ACCESS_TOOL_UNKNOWN', 'ACCESS_END_REFUSED'],
      handle: async (call) => {
        const { notes, expiresAt } = call.body;
        const endsAt = expiresAt === undefined ? undefined : Date.parse(expiresAt);
        return shown(await requests.approve(authorOf(call), call.params.id, { notes, endsAt }));
      },
    }),
    route({
      ...one,
      operationId: 'rejectAccessRequest',
      method: 'POST',
      path: '/access/requests/{id}/reject',
      summary: 'Refuse access, with the reason',
      tag,
      permission: 'access-request.review',
      body: z.strictObject({ notes: text(2000).optional() }),
      errors: DECISION_ERRORS,
      handle: async (call) => shown(await requests.reject(authorOf(call), call.params.id, call.body)),
    }),
    route({
      ...one,
      operationId: 'cancelAccessRequest',
      method: 'POST',
      path: '/access/requests/{id}/cancel',
      summary: 'Take a request back',
      tag,
      permission: 'access-request.cancel',
      errors: ['ACCESS_REQUEST_UNKNOWN', 'ACCESS_REQUEST_DECIDED'],
      handle: async (call) => shown(await requests.cancel(authorOf(call), call.params.id)),
    }),
  ];
}
