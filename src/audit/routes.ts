/** `/api/v1/audit`: questions to the record. No route writes, changes or removes a record. */
import { z } from 'zod';
import { auditRecord, EVERYWHERE, type AuditRecord } from '#contract';
import { listing, route, type Route } from '#http';
import type { AuditLog } from './audit-log.ts';
import { signedCheckpoint } from './checkpoint/checkpoint.ts';
import type { DeliveryStatus } from './delivery/delivery.ts';
import { deliveryReport, reportDeliveries } from './delivery/report.ts';
import type { DeliveryStanding } from './delivery/standing.ts';
import { auditError } from './errors.ts';
import { receiptSchema } from './receipt/receipt.ts';
import { reportRoutes, type ReportParts } from './report/routes.ts';
import { auditFilter } from './store/query.ts';

const recordId = z.strictObject({ id: z.string().min(1).max(64) });

const unknownRecord = ({ id }: { readonly id: string }) =>
  auditError('AUDIT_RECORD_UNKNOWN', `there is no audit record \`${id}\``);

const finding = z.strictObject({
  kind: z.enum([
    'changed',
    'missing',
    'out-of-place',
    'rewritten',
    'writer-missing',
    'checkpoint-changed',
    'checkpoint-missing',
    'signature',
  ]),
  message: z.string(),
  writer: z.string().optional(),
  seq: z.int().optional().describe('The first record of the chain that cannot be vouched for.'),
  checkpoint: z.int().optional(),
});

/** How each receiver stands: by the process that sends, or as it lies. */
export type AskDeliveries = () => Promise<readonly (DeliveryStatus | DeliveryStanding)[]>;

export interface AuditRouteParts extends ReportParts {
  readonly deliveries: AskDeliveries;
}

/** The routes over an audit log. */
export function auditRoutes(audit: AuditLog, { deliveries, ...reports }: AuditRouteParts): readonly Route[] {
  /** Of a record that is about nothing in a namespace, none: it takes a role that is held everywhere. */
  const whereItHappened = {
    params: recordId,
    where: {
      target: async ({ id }: { readonly id: string }) => {
        const [record] = (await audit.query({ id }, { limit: 1 })).records;
        return record && { namespace: record.object?.namespace ?? EVERYWHERE };
      },
      missing: unknownRecord,
    },
  } as const;
  const toRecord = (record: AuditRecord): Promise<AuditRecord> => audit.opened(record);

  return [
    listing({
      operationId: 'queryAudit',
      path: '/audit/records',
      summary: 'Records, newest first; every filter that is given must hold',
      description: 'Who may read the record of some namespaces alone names one of them in `namespace`.',
      tag: 'audit',
      permission: 'audit.read',
      where: 'listed',
      errors: ['AUDIT_QUERY_INVALID'],
      query: auditFilter,
      item: auditRecord,
      position: z.string(),
      handle: async ({ namespaces, query, limit, after }) => {
        const {
          limit: _limit,
          cursor: _cursor,
          ...asked
        } = query as typeof query & { limit: unknown; cursor: unknown };
        if (namespaces.length === 0) return { items: [] };
        const filter = namespaces === 'all' ? asked : { ...asked, namespace: oneOf(namespaces) };
        const page = await audit.query(filter, { limit, ...(after !== undefined && { cursor: after }) });
        return { items: await Promise.all(page.records.map(toRecord)), next: page.next };
      },
    }),
    route({
      ...whereItHappened,
      operationId: 'getAuditRecord',
      method: 'GET',
      path: '/audit/records/{id}',
      summary: 'One record',
      tag: 'audit',
      permission: 'audit.read',
      errors: ['AUDIT_RECORD_UNKNOWN'],
      answer: auditRecord,
      handle: async ({ params: { id } }) => toRecord(await audit.find(id)),
    }),
    route({
      ...whereItHappened,
      operationId: 'getReceipt',
      method: 'GET',
      path: '/audit/records/{id}/receipt',
      summary: 'One record as it is stored, with the proof that a signed checkpoint covers it',
      tag: 'audit',
      permission: 'audit.read',
      errors: ['AUDIT_RECORD_UNKNOWN', 'AUDIT_UNAVAILABLE', 'AUDIT_DAMAGED'],
      answer: receiptSchema,
      handle: ({ params: { id } }) => audit.receipt(id),
    }),
    listing({
      operationId: 'listCheckpoints',
      path: '/audit/checkpoints',
      summary: 'Signed checkpoints, oldest first: keep them where this host cannot reach',
      tag: 'audit',
      permission: 'audit.read',
      where: 'everywhere',
      query: z.strictObject({}),
      item: signedCheckpoint,
      position: z.int(),
      handle: async ({ limit, after }) => {
        const found = await audit.checkpoints(after ?? 0, limit + 1);
        const items = found.slice(0, limit);
        return { items, next: found.length > limit ? items.at(-1)?.body.number : undefined };
      },
    }),
    route({
      operationId: 'getAuditPublicKey',
      method: 'GET',
      path: '/audit/public-key',
      summary: 'The key that receipts and checkpoints are verified with',
      tag: 'audit',
      permission: 'audit.read',
      where: 'everywhere',
      answer: z.strictObject({
        installation: z.string(),
        keyId: z.string(),
        pem: z.string().describe('Ed25519, SPKI.'),
      }),
      handle: async () => ({
        installation: audit.installation,
        keyId: audit.publicKey.id,
        pem: audit.publicKey.pem,
      }),
    }),
    route({
      operationId: 'getDeliveries',
      method: 'GET',
      path: '/audit/deliveries',
      summary: 'How far each export and each anchor has got, and what keeps it',
      tag: 'audit',
      permission: 'audit.read',
      where: 'everywhere',
      answer: deliveryReport,
      handle: async () => reportDeliveries(await deliveries()),
    }),
    route({
      operationId: 'verifyAudit',
      method: 'POST',
      path: '/audit/verify',
      summary: 'Hold the whole log to its word; names the first record that is not what was written',
      tag: 'audit',
      permission: 'audit.read',
      where: 'everywhere',
      answer: z.strictObject({
        ok: z.boolean(),
        records: z.int(),
        checkpoints: z.int(),
        uncovered: z.int().describe('Records after the last checkpoint.'),
        retainedFrom: z
          .array(z.strictObject({ writer: z.string(), seq: z.int() }))
          .describe('Chains whose beginning was removed by policy, and the first record that is left.'),
        findings: z.array(finding),
      }),
      handle: async () => {
        const { ok, records, checkpoints, uncovered, retainedFrom, findings } = await audit.verify();
        return { ok, records, checkpoints, uncovered, retainedFrom: [...retainedFrom], findings: [...findings] };
      },
    }),
    ...reportRoutes(audit, reports),
  ];
}

/** The one namespace that a question is about: the record is in order of time, not of namespaces. */
function oneOf(namespaces: readonly string[]): string {
  const [first, ...others] = namespaces;
  if (first !== undefined && others.length === 0) return first;
  throw auditError('AUDIT_QUERY_INVALID', `name one namespace: \`${namespaces.toSorted().join('`, `')}\``);
}
