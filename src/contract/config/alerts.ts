import { z } from 'zod';
import { postUrl, webhookSecret } from './approvals.ts';
import { duration, resourceName } from './common.ts';
import { reachFields } from './egress.ts';
import { secretValue } from './secret-value.ts';
import { tlsClientSchema } from './tls.ts';

/**
 * An address as headers and envelopes take it (RFC 5321 §4.1.2), without quoted forms: no space, no sign that ends
 * an address, no line break that would begin a header or a command of its own.
 */
const mailbox = z
  .string()
  .max(254)
  .regex(
    /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
    { error: 'an address is written `oncall@example.com`, without a name and without quotes' },
  )
  .meta({ title: 'e-mail address' });

/** Who is told by e-mail. */
export const emailAlertsSchema = z
  .strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$/, { error: 'this is no name of a host' })
      .describe('The relay that takes the messages.'),
    port: z.int().min(1).max(65_535).optional().describe('Its port; 587, and 465 with `security: implicit`.'),
    security: z
      .enum(['starttls', 'implicit'])
      .default('starttls')
      .describe('`implicit`: TLS from the first byte. There is no way without.'),
    tls: tlsClientSchema.prefault({}).describe('TLS towards the relay; its certificate is always checked.'),
    username: z.string().min(1).max(256).optional().describe('Whom the relay knows us as.'),
    password: secretValue.optional().describe('The password of `username`.'),
    from: mailbox.describe('The address that messages come from.'),
    to: z.array(mailbox).min(1).max(20).describe('The addresses that they go to.'),
    subject: z
      .string()
      .max(100)
      .regex(/^[\p{L}\p{N}\p{P}\p{S} ]+$/u, { error: 'a subject is one line of text' })
      .default('Chatelaine')
      .describe('How the subject begins; the kind of the alert and the namespace follow.'),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    error: '`username` and `password` belong together: give both or none',
  });
export type EmailAlerts = z.output<typeof emailAlertsSchema>;

/** `alerts:` of `kind: server`: what is looked for in calls. Alerts go on record, and so to receivers of the audit log. */
export const alertsSchema = z.strictObject({
  anomalies: z.boolean().default(true).describe('Whether calls are held against what their callers usually do.'),
  cooldown: duration
    .default(6 * 3_600_000)
    .describe('How long nothing more is said of one caller and one kind of anomaly.'),
  webhook: z
    .strictObject({
      url: postUrl.describe('Where each alert is posted, signed as Standard Webhooks has it.'),
      secret: webhookSecret.describe('The key of the signature.'),
      keyId: resourceName.default('default').describe('Sent as `webhook-key-id`, for when the key changes.'),
      ...reachFields('The receiver'),
    })
    .optional()
    .describe('Who is told of alerts, beside receivers of the audit log; nobody otherwise.'),
  decoyKeys: z
    .array(
      z
        .string()
        .regex(/^[0-9a-hjkmnp-tv-z]{26}$/, { error: 'this is no id of a key; `chatelaine key list` shows them' }),
    )
    .max(100)
    .default([])
    .describe('Ids of API keys that are traps: they count as unknown, and whoever comes with one raises an alert.'),
  email: emailAlertsSchema.optional().describe('Who is told of alerts by e-mail; nobody otherwise.'),
});

/** `statistics:` of `kind: server`. */
export const statisticsSchema = z.strictObject({
  keepFor: duration.default(400 * 86_400_000).describe('How long sums of a day are kept.'),
});
