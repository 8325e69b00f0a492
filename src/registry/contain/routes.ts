/** `/api/v1/containments`: what was stopped everywhere. */
import { z } from 'zod';
import { EVERYWHERE, resourceName } from '#contract';
import { listing, moment, momentOf, route, type Call, type Route } from '#http';
import type { Database } from '#db';
import { findContainment, pageOfContainments } from '../store/containments-store.ts';
import { CONTAINED_KINDS, containmentReport, type Containment } from './containment.ts';
import type { Containments } from './containments.ts';
import { containError, unknownContainment } from './errors.ts';

const facts = {
  id: z.string(),
  kind: z.enum(CONTAINED_KINDS),
  namespace: z.string().describe('`*` of a user.'),
  target: z.string().describe('The id of an agent or user, the name of a tool or namespace.'),
  name: z.string(),
  reason: z.string(),
  begunAt: moment,
  begunBy: z.string().describe('Issuer, `#` and subject.'),
  acknowledgedAt: moment.nullable().describe('When every process that served had confirmed; null while one has not.'),
  releasedAt: moment.nullable(),
};
const containment = z.strictObject(facts);
const inFull = z.strictObject({
  ...facts,
  signed: z
    .strictObject({ report: containmentReport, receipt: z.json().describe('A receipt of the audit log.') })
    .nullable()
    .describe('For `chatelaine contain --verify`; null while it is not ended.'),
});

const scopeName = z.union([z.literal(EVERYWHERE), resourceName]).describe('A namespace, or `*`: for users.');
const tag = 'containments';

export function containmentRoutes({
  database,
  containments,
}: {
  readonly database: Database;
  readonly containments: Containments;
}): readonly Route[] {
  const authorOf = ({ principal, origin }: Call) => ({ principal, origin });
  const one = {
    params: z.strictObject({ id: z.string().min(1).max(64) }),
    where: {
      target: async ({ id }: { readonly id: string }) => {
        const found = await findContainment(database.db, id);
        return found && { namespace: found.namespace };
      },
      missing: ({ id }: { readonly id: string }) => unknownContainment(id),
    },
  } as const;
  return [
    listing({
      operationId: 'listContainments',
      path: '/containments',
      summary: 'What was contained, the newest first, what was released among it',
      tag,
      permission: 'containment.read',
      where: 'listed',
      query: z.strictObject({ namespace: scopeName.optional() }),
      item: containment,
      position: z.string(),
      handle: async ({ namespaces, limit, after }) => {
        const found = await pageOfContainments(database.db, namespaces, { before: after, limit: limit + 1 });
        const items = found.slice(0, limit);
        return { items: items.map(shown), next: found.length > limit ? items.at(-1)?.id : undefined };
      },
    }),
    route({
      ...one,
      operationId: 'getContainment',
      method: 'GET',
      path: '/containments/{id}',
      summary: 'One containment, with its report',
      tag,
      permission: 'containment.read',
      errors: ['CONTAINMENT_UNKNOWN'],
      answer: inFull,
      handle: async ({ params: { id } }) => shownInFull(await findContainment(database.db, id), id),
    }),
    route({
      operationId: 'contain',
      method: 'POST',
      path: '/namespaces/{namespace}/containments',
      summary: 'Stop an agent, a user, a tool or a namespace everywhere; answers when every process has confirmed',
      tag,
      permission: 'containment.begin',
      params: z.strictObject({ namespace: scopeName }),
      where: {
        target: ({ namespace }) => ({ namespace }),
        missing: ({ namespace }) => nothingThere(namespace),
      },
      status: 201,
      errors: [
        'CONTAINMENT_REFUSED',
        'CONTAINMENT_UNKNOWN',
        'AGENT_UNKNOWN',
        'USER_UNKNOWN',
        'LAST_ADMIN',
        'NAME_REFUSED',
        'STEP_UP_REQUIRED',
        'AUDIT_UNAVAILABLE',
      ],
      body: z.strictObject({
        kind: z.enum(CONTAINED_KINDS),
        name: z.string().min(1).max(128).describe('The id of a user; the name of everything else.'),
        reason: z.string().max(500).default(''),
      }),
      answer: inFull,
      handle: async (call) => {
        const { namespace } = call.params;
        const { id, ...begun } = await containments.begin(authorOf(call), { ...call.body, namespace });
        return shownInFull({ id, ...begun }, id);
      },
    }),
    route({
      ...one,
      operationId: 'releaseContainment',
      method: 'POST',
      path: '/containments/{id}/release',
      summary: 'End a containment: what it disabled is let in again',
      tag,
      permission: 'containment.release',
      status: 204,
      errors: ['CONTAINMENT_UNKNOWN', 'STEP_UP_REQUIRED', 'AGENT_UNKNOWN', 'USER_UNKNOWN'],
      handle: async (call) => await containments.release(authorOf(call), call.params.id),
    }),
  ];
}

const nothingThere = (namespace: string) =>
  containError('CONTAINMENT_UNKNOWN', `nothing in the namespace \`${namespace.slice(0, 128)}\` is yours to contain`);

const momentOr = (at: number | undefined): string | null => (at === undefined ? null : momentOf(at));

function shown(one: Containment): z.input<typeof containment> {
  const { id, kind, namespace, target, name, reason, begunBy } = one;
  const { begunAt, acknowledgedAt, releasedAt } = one;
  return {
    ...{ id, kind, namespace, target, name, reason, begunBy, begunAt: momentOf(begunAt) },
    ...{ acknowledgedAt: momentOr(acknowledgedAt), releasedAt: momentOr(releasedAt) },
  };
}

function shownInFull(one: Containment | undefined, id: string): z.input<typeof inFull> {
  if (one === undefined) throw unknownContainment(id);
  return { ...shown(one), signed: (one.report as z.input<typeof inFull>['signed'] | undefined) ?? null };
}
