import { z } from 'zod';
import type { Principal } from '#contract';
import { listing, moment, momentOf, route, type Call, type Route } from '#http';
import { LOCAL_ISSUER, unknownUser, type Author, type UserDirectory } from '#identity';
import { unknownApproval } from './errors.ts';
import type { Approvals } from './open-approvals.ts';
import type { DecidedFrom } from './parts.ts';
import type { SeenApproval } from './view.ts';

const hint = z.boolean().optional();

const approval = z.strictObject({
  id: z.string(),
  state: z
    .enum(['pending', 'approved', 'consumed', 'refused', 'expired', 'cancelled'])
    .describe('`approved`: the identical call is let through once; `consumed`: it was.'),
  namespace: z.string(),
  tool: z.strictObject({
    name: z.string(),
    title: z.string().nullable(),
    description: z.string().describe('As the tool called itself when the call was made.'),
    type: z.string(),
    annotations: z.strictObject({
      title: z.string().optional(),
      readOnlyHint: hint,
      destructiveHint: hint,
      idempotentHint: hint,
      openWorldHint: hint,
    }),
    pin: z.string().describe('The digest of its definition, which a grant is good for.'),
  }),
  caller: z.strictObject({
    kind: z.enum(['user', 'agent', 'anonymous']),
    issuer: z.string(),
    subject: z.string(),
    name: z.string().nullable().describe('Of a person while it waits, for whom the arguments are shown to.'),
    client: z.string().nullable().describe('The OAuth client.'),
    actors: z.array(z.string()).describe('Who acts for the caller, `issuer#subject`, the nearest first.'),
  }),
  responsible: z.string().nullable().describe('The user who answers for the agent that calls.'),
  needs: z
    .array(z.string())
    .describe('Whose yes it needs: `anybody`, `group:name`, `role:name`; each by another person.'),
  open: z.array(z.string()).describe('Those of them that nobody has given.'),
  answers: z.array(
    z.strictObject({
      decider: z.string().describe('The id of a user, or `webhook:name`.'),
      verdict: z.enum(['approve', 'refuse']),
      at: moment,
    }),
  ),
  reason: z.string().nullable(),
  createdAt: moment,
  expiresAt: moment.describe('Until when it waits or, granted, may be used.'),
  closedAt: moment.nullable(),
  argumentsDigest: z.string().describe('As in the audit log.'),
  arguments: z
    .record(z.string(), z.json())
    .nullable()
    .describe('While it waits, for the caller, who answers for them, and who may decide; erased afterwards.'),
  mine: z.boolean().describe('Whether it is the caller’s own, or of an agent of theirs.'),
  decidable: z.boolean().describe('Whether who asks could say yes now.'),
  url: z.string().nullable().describe('Where people decide.'),
});

const id = z.strictObject({ id: z.string().min(1).max(64) });
const state = z.enum(['open', 'all']).default('open').describe('`open`: waiting, or granted and not used.');
const userInPath = z.strictObject({ id: z.string().min(1).max(128).describe('The id of the user, or `me`.') });
type UserInPath = z.output<typeof userInPath>;
const MOST_OF_USER = 200;
const tag = 'approvals';

const isUser = ({ kind, iss }: Principal): boolean => kind === 'user' && iss === LOCAL_ISSUER;
const userMeant = ({ id: named }: UserInPath, principal: Principal): string =>
  named === 'me' && isUser(principal) ? principal.sub : named;

const fromOf = ({ origin }: Pick<Call, 'origin'>): DecidedFrom => ({ door: 'api', address: origin.address });
const authorOf = ({ principal, origin }: Pick<Call, 'principal' | 'origin'>): Author => ({ principal, origin });

/** `/api/v1/approvals`, and those of a user. */
export function approvalRoutes(
  { view, decisions }: Approvals,
  users: Pick<UserDirectory, 'placeOf'>,
): readonly Route[] {
  const one = {
    params: id,
    tag,
    where: {
      target: (
        { id: named }: z.output<typeof id>,
        principal: Principal,
        { address }: { readonly address: string | undefined },
      ) => view.placeOf(principal, named, { door: 'api', address }),
      missing: ({ id: named }: z.output<typeof id>) => unknownApproval(named),
    },
  } as const;
  // Nobody keeps arguments for a repetition: here they are erased with the answer, and there they would not be.
  const replay = (answer: z.output<typeof approval>) => ({
    ...answer,
    arguments: null,
    caller: { ...answer.caller, name: null },
  });
  const show = async (call: Call<z.output<typeof id>>) =>
    shown(await view.show(call.principal, call.params.id, fromOf(call)));
  return [
    listing({
      operationId: 'listApprovals',
      path: '/approvals',
      summary: 'Calls that wait for the yes of people, the newest first',
      tag,
      permission: 'approval.read',
      where: 'listed',
      query: z.strictObject({ namespace: z.string().min(1).max(128).optional(), state }),
      item: approval,
      position: z.string(),
      handle: async (call) => {
        const { query, principal, namespaces, limit, after } = call;
        const looking = { which: 'all', open: query.state === 'open', namespaces } as const;
        const found = await view.page(principal, looking, fromOf(call), { after, limit: limit + 1 });
        const page = found.slice(0, limit);
        return { items: page.map(shown), next: found.length > limit ? page.at(-1)?.approval.id : undefined };
      },
    }),
    route({
      operationId: 'listApprovalsOfUser',
      method: 'GET',
      path: '/users/{id}/approvals',
      summary: 'Calls of a user and their agents that wait for a yes, and those that they may decide: the newest 200',
      tag,
      permission: 'approval.read',
      params: userInPath,
      query: z.strictObject({
        which: z
          .enum(['all', 'mine', 'to-decide'])
          .default('all')
          .describe('`mine`: own calls and those of own agents; `to-decide`: those that the user could approve now.'),
        state,
      }),
      where: {
        target: (params: UserInPath, principal: Principal) => users.placeOf(principal, userMeant(params, principal)),
        missing: ({ id: named }: UserInPath) => unknownUser(named),
      },
      errors: ['USER_UNKNOWN'],
      answer: z.strictObject({ items: z.array(approval) }),
      handle: async (call) => {
        const { query, principal, params } = call;
        const user = userMeant(params, principal);
        const person = isUser(principal) && principal.sub === user ? principal : await view.personOf(user);
        if (person === undefined) throw unknownUser(params.id);
        const looking = { which: query.which, open: query.state === 'open', namespaces: 'all', own: true } as const;
        const found = await view.page(person, looking, fromOf(call), { after: undefined, limit: MOST_OF_USER });
        return { items: found.map(shown) };
      },
    }),
    route({
      ...one,
      operationId: 'getApproval',
      method: 'GET',
      path: '/approvals/{id}',
      summary: 'One call that waits for the yes of people, with its arguments for those who need them',
      permission: 'approval.read',
      errors: ['APPROVAL_UNKNOWN'],
      answer: approval,
      handle: show,
    }),
    route({
      ...one,
      operationId: 'approveApproval',
      method: 'POST',
      path: '/approvals/{id}/approve',
      summary: 'Say yes: only a person who has signed in themselves can, and never to a call of their own',
      permission: 'approval.decide',
      errors: DECIDING,
      answer: approval,
      replay,
      handle: async (call) => {
        await decisions.decide(authorOf(call), call.params.id, { verdict: 'approve' }, fromOf(call));
        return await show(call);
      },
    }),
    route({
      ...one,
      operationId: 'refuseApproval',
      method: 'POST',
      path: '/approvals/{id}/refuse',
      summary: 'Say no: one is enough',
      permission: 'approval.decide',
      errors: DECIDING,
      body: z.strictObject({
        reason: z.string().trim().max(500).optional().describe('Told to the caller.'),
      }),
      answer: approval,
      replay,
      handle: async (call) => {
        const { reason } = call.body;
        await decisions.decide(authorOf(call), call.params.id, { verdict: 'refuse', reason }, fromOf(call));
        return await show(call);
      },
    }),
    route({
      ...one,
      operationId: 'cancelApproval',
      method: 'POST',
      path: '/approvals/{id}/cancel',
      summary: 'Take back a request, or a grant that was not used',
      permission: 'approval.cancel',
      errors: ['APPROVAL_UNKNOWN', 'APPROVAL_OVER'],
      answer: approval,
      replay,
      handle: async (call) => {
        await decisions.cancel(authorOf(call), call.params.id);
        return await show(call);
      },
    }),
  ];
}

const DECIDING = ['APPROVAL_UNKNOWN', 'APPROVAL_NEEDS_PERSON', 'APPROVAL_NOT_YOURS', 'APPROVAL_OVER'];

const needOf = (need: string): string => (need === '' ? 'anybody' : need);

function shown({ approval: one, state, open, mine, decidable, call, url }: SeenApproval): z.input<typeof approval> {
  const { asker, shown: tool } = one;
  return {
    ...{ id: one.id, state, namespace: one.namespace, mine, decidable },
    tool: {
      ...{ name: one.tool, title: tool.title ?? null, description: tool.description, type: tool.type, pin: one.pin },
      annotations: { ...tool.annotations },
    },
    caller: {
      ...{
        kind: asker.kind,
        issuer: asker.iss,
        subject: asker.sub,
        name: call?.caller ?? tool.agent ?? null,
        client: asker.client,
      },
      actors: asker.act.map(({ iss, sub }) => `${iss}#${sub}`),
    },
    ...{ responsible: one.responsible, needs: one.needs.map(needOf), open: open.map(needOf), reason: one.reason },
    answers: one.answers.map(({ decider, verdict, decidedAt }) => ({ decider, verdict, at: momentOf(decidedAt) })),
    ...{ createdAt: momentOf(one.createdAt), expiresAt: momentOf(one.expiresAt), closedAt: momentOf(one.closedAt) },
    ...{ argumentsDigest: one.argumentsDigest, arguments: call?.arguments ?? null, url: url ?? null },
  };
}
