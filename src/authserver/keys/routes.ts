/** `/api/v1/signing-keys`: the keys of tokens, by their names and states; nothing of a private part. */
import { z } from 'zod';
import { moment, momentOf, route, type Call, type Route } from '#http';
import type { Author } from '#identity';
import { SIGNING_ALGORITHMS } from './algorithm.ts';
import type { KeyRotation } from './key-rotation.ts';
import { isPublished, readyAt, spentAt, type KeyTimes, type SigningKey } from './lifecycle.ts';

const signingKey = z.strictObject({
  kid: z.string().describe('Its JWK thumbprint (RFC 7638).'),
  algorithm: z.enum(SIGNING_ALGORITHMS),
  state: z.enum(['prepared', 'active', 'retired', 'gone']),
  signs: z.boolean().describe('Whether new tokens are signed with it.'),
  published: z.boolean().describe('Whether it is in the key set now.'),
  preparedAt: moment,
  readyAt: moment.describe('From when on everybody who holds a copy of the key set has it.'),
  activatedAt: moment.nullable(),
  retiredAt: moment.nullable(),
  publishedUntil: moment.nullable().describe('When what it signed has expired; null while it signs or could.'),
});

const next = z
  .strictObject({
    step: z.enum(['prepare', 'activate', 'retire']),
    kid: z.string().nullable(),
    at: moment,
    due: z.boolean(),
    why: z.string(),
  })
  .nullable()
  .describe('What to do next; null where the configuration gives the keys.');

const kid = z.string().min(1).max(128);
const authorOf = ({ principal, origin }: Call): Author => ({ principal, origin });

/** The routes over the rotation; `now` tells the time. */
export function signingKeyRoutes({
  rotation,
  times,
  now,
}: {
  readonly rotation: KeyRotation;
  readonly times: KeyTimes;
  readonly now: () => number;
}): readonly Route[] {
  const shown = (key: SigningKey): z.input<typeof signingKey> => ({
    kid: key.kid,
    algorithm: key.algorithm,
    state: key.state,
    signs: key.signs,
    published: isPublished(key, now(), times),
    preparedAt: momentOf(key.preparedAt),
    readyAt: momentOf(readyAt(key, times)),
    activatedAt: momentOf(key.activatedAt),
    retiredAt: momentOf(key.retiredAt),
    publishedUntil: momentOf(key.goneAt ?? (key.state === 'retired' ? (spentAt(key, times) ?? null) : null)),
  });
  const common = { tag: 'signing keys', where: 'everywhere' } as const;

  return [
    route({
      ...common,
      operationId: 'listSigningKeys',
      method: 'GET',
      path: '/signing-keys',
      summary: 'The keys that tokens are signed with, and the next step of their rotation',
      permission: 'signing-key.read',
      answer: z.strictObject({ items: z.array(signingKey), next }),
      handle: async (call) => {
        const status = await rotation.status(authorOf(call));
        const due = status.next;
        return {
          items: status.keys.map(shown),
          next:
            due === undefined
              ? null
              : { step: due.step, kid: due.kid ?? null, at: momentOf(due.at), due: due.at <= now(), why: due.why },
        };
      },
    }),
    route({
      ...common,
      operationId: 'prepareSigningKey',
      method: 'POST',
      path: '/signing-keys/prepare',
      summary: 'Make the next signing key and publish it; it signs nothing yet',
      permission: 'signing-key.rotate',
      status: 201,
      body: z.strictObject({ algorithm: z.enum(SIGNING_ALGORITHMS).optional() }),
      errors: ['SIGNING_KEY_PREPARED', 'SIGNING_KEYS_CONFIGURED', 'STEP_UP_REQUIRED', 'VAULT_BUSY'],
      answer: signingKey,
      handle: async (call) => shown(await rotation.prepare(authorOf(call), call.body.algorithm)),
    }),
    route({
      ...common,
      operationId: 'activateSigningKey',
      method: 'POST',
      path: '/signing-keys/activate',
      summary: 'Sign new tokens with the prepared key, or with one that signed before',
      permission: 'signing-key.rotate',
      body: z.strictObject({
        kid: kid.optional(),
        now: z.boolean().optional().describe('Although others may not have it yet; that is put on record.'),
      }),
      errors: [
        'SIGNING_KEY_TOO_FRESH',
        'SIGNING_KEY_NOT_PREPARED',
        'SIGNING_KEY_UNKNOWN',
        'SIGNING_KEYS_CONFIGURED',
        'STEP_UP_REQUIRED',
      ],
      answer: signingKey,
      handle: async (call) =>
        shown(await rotation.activate(authorOf(call), { kid: call.body.kid, now: call.body.now === true })),
    }),
    route({
      ...common,
      operationId: 'retireSigningKey',
      method: 'POST',
      path: '/signing-keys/retire',
      summary: 'Destroy the private part of the keys that signed before, or of one of them',
      permission: 'signing-key.rotate',
      body: z.strictObject({
        kid: kid.optional(),
        now: z.boolean().optional().describe('Refuse at once what it signed, too: for a key that somebody else has.'),
      }),
      errors: ['SIGNING_KEY_IN_USE', 'SIGNING_KEY_UNKNOWN', 'STEP_UP_REQUIRED'],
      answer: z.strictObject({ items: z.array(signingKey) }),
      handle: async (call) => {
        const retired = await rotation.retire(authorOf(call), { kid: call.body.kid, now: call.body.now === true });
        return { items: retired.map(shown) };
      },
    }),
  ];
}
