import { z } from 'zod';
import { reveal } from '#kernel';
import { absoluteUrl, duration, isLoopbackHost, resourceName, secretText } from './common.ts';
import { reachFields } from './egress.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A duration of at most so much: what waits for ever is answered by somebody who has forgotten why. */
const atMost = (most: number, written: string) =>
  duration.refine((ms) => ms <= most, { error: `this is longer than ${written}` });

const LEAST_SECRET = 24;

/** A key of Standard Webhooks: `whsec_` and base64, or any text; the same bytes on both sides. */
export const webhookSecret = secretText.refine((secret) => reveal(secret).length >= LEAST_SECRET, {
  error: `a secret that signs decisions has at least ${LEAST_SECRET} characters; \`openssl rand -base64 32\` makes one`,
});

export const postUrl = absoluteUrl('https', 'http').refine(
  (text) => {
    const url = URL.parse(text);
    return url?.protocol === 'https:' || (url !== null && isLoopbackHost(url.hostname));
  },
  {
    error: 'who asks for what would cross the network in the clear; use `https:`',
    params: { problem: 'UNENFORCEABLE' },
  },
);

/** What a decider may stand for, as `@approval` of a policy writes it. */
const kind = z
  .string()
  .regex(/^(?:|(?:group|role):\S.*)$/u, {
    error: 'write `""` for anybody who may approve, `group:name` or `role:name`',
  })
  .meta({ title: 'whose yes' });

/** `approvals:` of `kind: server`: how long what waits for a yes waits, and who is told and may answer elsewhere. */
export const approvalsSchema = z.strictObject({
  pendingFor: atMost(7 * DAY, '`7d`')
    .default(15 * MINUTE)
    .describe('How long a request waits for an answer; a refusal is remembered as long.'),
  grantFor: atMost(DAY, '`24h`')
    .default(5 * MINUTE)
    .describe('How long after the last yes the call may be made.'),
  mostPending: z.int().min(1).max(1000).default(20).describe('How many requests of one caller wait at once.'),
  webhook: z
    .strictObject({
      url: postUrl.describe('Where each new request is posted, signed as Standard Webhooks has it.'),
      secret: webhookSecret.describe('The key of the signature.'),
      keyId: resourceName.default('default').describe('Sent as `webhook-key-id`, for when the key changes.'),
      arguments: z
        .boolean()
        .default(false)
        .describe('Whether the arguments of the call are in it; what has left, nobody erases.'),
      ...reachFields('The receiver'),
    })
    .optional()
    .describe('Who is told of new requests; nobody otherwise.'),
  deciders: z
    .array(
      z.strictObject({
        name: resourceName.describe('On record as `webhook:name`.'),
        secret: webhookSecret.describe('The key of the signature of its answers.'),
        approves: z.array(kind).min(1).describe('Whose yes it can give: `""`, `group:name`, `role:name`.'),
      }),
    )
    .default([])
    .superRefine((deciders, context) => {
      const names = deciders.map(({ name }) => name);
      for (const [at, name] of names.entries())
        if (names.indexOf(name) !== at)
          context.addIssue({ code: 'custom', path: [at, 'name'], message: `\`${name}\` is there twice` });
    })
    .describe(
      'Systems whose signed answers count, each as one approver. They answer for people: name none that an agent can reach.',
    ),
});

export type ApprovalSettings = z.output<typeof approvalsSchema>;
