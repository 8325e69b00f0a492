import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { absoluteUrl, duration, isLoopbackHost, resourceName, secretText } from './common.ts';
import { tlsClientSchema } from './tls.ts';

const tls = tlsClientSchema.prefault({}).describe('TLS towards the receiver.');

/** What leaves in the clear can be read, and on the way be left out, by anybody between. */
const inTheClear = (host: string): boolean => !isLoopbackHost(host);

const receiverUrl = absoluteUrl('http', 'https').refine(
  (text) => {
    const url = URL.parse(text);
    return url?.protocol === 'https:' || (url !== null && !inTheClear(url.hostname));
  },
  { error: 'records would cross the network in the clear; use `https:`', params: { problem: 'UNENFORCEABLE' } },
);

const syslogReceiver = {
  host: z.string().min(1).describe('Syslog: the host of the receiver.'),
  port: z.int().min(1).max(65_535).default(6514).describe('Syslog: its port.'),
  tls: z
    .union([z.literal(false), tlsClientSchema])
    .prefault({})
    .describe('TLS towards the receiver; `false`, plain TCP, to this machine alone.'),
};

const name = resourceName.describe('The receiver; how far it has got is kept under this name.');

function overTls(receiver: object, context: z.RefinementCtx): void {
  const { host, tls } = receiver as { readonly host?: string; readonly tls?: unknown };
  if (host === undefined || tls !== false || !inTheClear(host)) return;
  context.addIssue({
    code: 'custom',
    path: ['tls'],
    message: `\`${host}\` is another machine: records would cross the network in the clear`,
    params: { problem: 'UNENFORCEABLE' },
  });
}

const anchorSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('file').describe('`file`, `syslog` or `webhook`, with the fields below.'),
      name,
      path: z
        .string()
        .refine(isAbsolute, { error: 'this is no absolute path' })
        .describe('File: where checkpoints are appended; another disk, or a mount. Its folder must be there.'),
    }),
    z.strictObject({ type: z.literal('syslog'), name, ...syslogReceiver }),
    z.strictObject({
      type: z.literal('webhook'),
      name,
      url: receiverUrl.describe('Webhook: where each checkpoint is posted.'),
      secret: secretText.describe('Webhook: the key of the HMAC in the header `Chatelaine-Signature`.'),
      tls,
    }),
  ])
  .superRefine(overTls);
export type AuditAnchorSettings = z.output<typeof anchorSchema>;

const personal = z
  .enum(['sealed', 'opened'])
  .default('sealed')
  .describe('Whether what is personal leaves readable. What has left, an erasure no longer reaches.');

const posted = {
  name,
  personal,
  url: receiverUrl.describe('HTTP: where records are posted.'),
  token: secretText.optional().describe('HTTP: sent as `Authorization: Bearer`.'),
  tls,
};

const exportSchema = z
  .discriminatedUnion('format', [
    z.strictObject({
      format: z.literal('ndjson').describe('`ndjson`, `ocsf` or `otlp` over HTTPS; `cef` or `syslog` over TLS.'),
      ...posted,
    }),
    z.strictObject({ format: z.literal('ocsf'), ...posted }),
    z.strictObject({ format: z.literal('otlp'), ...posted }),
    z.strictObject({ format: z.literal('cef'), name, personal, ...syslogReceiver }),
    z.strictObject({ format: z.literal('syslog'), name, personal, ...syslogReceiver }),
  ])
  .superRefine(overTls);
export type AuditExportSettings = z.output<typeof exportSchema>;

/** `audit:` of `kind: server`. */
export const auditSchema = z
  .strictObject({
    checkpoints: z
      .strictObject({
        records: z.int().min(1).default(10_000).describe('A checkpoint after so many records,'),
        every: duration.default(60_000).describe('or after so long while something happens, whichever comes first.'),
      })
      .prefault({})
      .describe('When the log is signed.'),
    anchors: z.array(anchorSchema).default([]).describe('Where checkpoints are kept out of the host’s reach.'),
    exports: z.array(exportSchema).default([]).describe('Who receives every record, continuously.'),
    retention: z
      .strictObject({
        keep: duration
          .refine((ms) => ms >= 86_400_000, { error: 'records are kept for a day at least, `1d`' })
          .optional()
          .describe('How long records are kept, such as `400d`; for ever when absent. Checkpoints are kept for ever.'),
      })
      .prefault({})
      .describe('When records are removed.'),
  })
  .superRefine(({ anchors, exports }, context) => {
    const seen = new Set<string>();
    for (const [list, receivers] of Object.entries({ anchors, exports })) {
      for (const [at, receiver] of receivers.entries()) {
        if (seen.has(receiver.name)) {
          const message = `another receiver is called \`${receiver.name}\`; each has a name of its own`;
          context.addIssue({ code: 'custom', path: [list, at, 'name'], message, params: { problem: 'DUPLICATE' } });
        }
        seen.add(receiver.name);
      }
    }
  });
export type AuditSettings = z.output<typeof auditSchema>;
