/** `/api/v1/alerts`: what was unusual. */
import { z } from 'zod';
import { resourceName } from '#contract';
import { listing, moment, momentOf, route, type Route } from '#http';
import type { ChangeFrame } from '#identity';
import { acknowledgeAlert, findAlert, pageOfAlerts, type Alert } from '../store/alerts-store.ts';
import { unknownAlert } from './errors.ts';
import { severityOf } from './alert-receiver.ts';
import { ALERT_KINDS } from './profile.ts';

const alert = z.strictObject({
  id: z.string(),
  kind: z.enum(ALERT_KINDS),
  severity: z.enum(['critical', 'warning']),
  namespace: z.string(),
  principal: z.string().describe('`agent:` or `user:` and the id; of others their issuer, `#` and their subject.'),
  tool: z.string().describe('That was called when it was noticed.'),
  seen: z.string(),
  usual: z.string(),
  record: z.string().nullable().describe('The id of the audit record, which says where from.'),
  raisedAt: moment,
  acknowledgedAt: moment.nullable(),
  acknowledgedBy: z.string().nullable(),
  note: z.string(),
});

const tag = 'alerts';

export function alertRoutes({ frame }: { readonly frame: ChangeFrame }): readonly Route[] {
  const { db } = frame.database;
  const one = {
    params: z.strictObject({ id: z.string().min(1).max(64) }),
    where: {
      target: async ({ id }: { readonly id: string }) => {
        const found = await findAlert(db, id);
        return found && { namespace: found.namespace };
      },
      missing: ({ id }: { readonly id: string }) => unknownAlert(id),
    },
    errors: ['ALERT_UNKNOWN'],
    answer: alert,
  } as const;
  const shownNow = async (id: string): Promise<z.input<typeof alert>> => {
    const found = await findAlert(db, id);
    if (found === undefined) throw unknownAlert(id);
    return shown(found);
  };
  return [
    listing({
      operationId: 'listAlerts',
      path: '/alerts',
      summary: 'What callers did that was not like them, the newest first',
      tag,
      permission: 'alert.read',
      where: 'listed',
      query: z.strictObject({
        namespace: resourceName.optional(),
        kind: z.enum(ALERT_KINDS).optional(),
        principal: z.string().max(600).optional(),
        state: z.enum(['open', 'acknowledged']).optional(),
      }),
      item: alert,
      position: z.string(),
      handle: async ({ namespaces, query: { kind, principal, state }, limit, after }) => {
        const isOpen = state === undefined ? undefined : state === 'open';
        const found = await pageOfAlerts(db, { namespaces, kind, principal, isOpen, before: after, limit: limit + 1 });
        const items = found.slice(0, limit);
        return { items: items.map(shown), next: found.length > limit ? items.at(-1)?.id : undefined };
      },
    }),
    route({
      ...one,
      operationId: 'getAlert',
      method: 'GET',
      path: '/alerts/{id}',
      summary: 'One alert',
      tag,
      permission: 'alert.read',
      handle: ({ params: { id } }) => shownNow(id),
    }),
    route({
      ...one,
      operationId: 'acknowledgeAlert',
      method: 'POST',
      path: '/alerts/{id}/acknowledge',
      summary: 'Say that somebody looks into it; twice keeps the first',
      tag,
      permission: 'alert.acknowledge',
      body: z.strictObject({ note: z.string().max(1000).default('') }),
      handle: async ({ params: { id }, body: { note }, principal, origin }) => {
        const found = await findAlert(db, id);
        if (found === undefined) throw unknownAlert(id);
        const object = { kind: 'alert', namespace: found.namespace, name: found.kind, id };
        const by = { principal, origin };
        await frame.inTransaction(by, { type: 'alert.acknowledge', action: 'acknowledge', object }, async (trx) => {
          frame.check(by, 'alert.acknowledge', { namespace: found.namespace, missing: () => unknownAlert(id) });
          await acknowledgeAlert(trx, id, { at: frame.clock.now(), by: `${principal.iss}#${principal.sub}`, note });
          return { value: undefined };
        });
        return await shownNow(id);
      },
    }),
  ];
}

function shown(one: Alert): z.input<typeof alert> {
  const { id, kind, namespace, principal, tool, seen, usual, note } = one;
  return {
    ...{ id, kind, severity: severityOf(one), namespace, principal, tool, seen, usual, note },
    ...{ record: one.recordId ?? null, raisedAt: momentOf(one.raisedAt), acknowledgedBy: one.acknowledgedBy ?? null },
    acknowledgedAt: one.acknowledgedAt === undefined ? null : momentOf(one.acknowledgedAt),
  };
}
