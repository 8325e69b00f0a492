import { z } from 'zod';
import { ACCESS, resourceName, type Principal } from '#contract';
import { listing, moment, momentOf, route, type Route } from '#http';
import { reveal } from '#kernel';
import { keyState, type ApiKey } from '../keys/api-key.ts';
import { unknownKey, type IssuedKey } from '../keys/key-authority.ts';
import { agentAnswer, ofAgent, shownAgent } from './agents.ts';
import { anyId, authorOf, ofNamespaces, pageOf, type RouteParts } from './parts.ts';

const keyAnswer = z.strictObject({
  id: z.string(),
  agent: z.string(),
  namespace: z.string(),
  state: z.enum(['active', 'revoked', 'disabled', 'expired']).describe('`disabled`: its agent is cut off.'),
  access: z.array(z.enum(ACCESS)),
  allowedTools: z.array(z.string()).nullable(),
  allowedCidrs: z.array(z.string()).nullable(),
  scopes: z.array(z.string()),
  label: z.string(),
  createdAt: moment,
  expiresAt: moment.nullable(),
  revokedAt: moment.nullable(),
  lastUsedAt: moment.nullable().describe('To the minute.'),
  replacedBy: z.string().nullable().describe('The key that a rotation made in its place.'),
});

const issuedAnswer = z.strictObject({
  key: keyAnswer,
  agent: agentAnswer,
  agentIsNew: z.boolean(),
  secret: z.string().nullable().describe('The key itself: shown this once, and null in a repetition.'),
  notice: z.string().optional().describe('Why a repetition does not show the key.'),
});
type Issued = z.output<typeof issuedAnswer>;

const lifetime = z.number().optional().describe('How long it counts; no end when left out.');

/** A key that is for `admin` takes a recent proof; others do not, so no mark of the route says it. */
const ISSUE_ERRORS = ['KEY_LIFETIME_REFUSED', 'STEP_UP_REQUIRED'];

/** `/api/v1/keys`, and those of an agent. */
export function keyRoutes(parts: RouteParts): readonly Route[] {
  const { identity, clock } = parts;
  const { keys } = identity;
  const one = {
    params: z.strictObject({ id: anyId }),
    where: {
      target: ({ id }: { readonly id: string }, principal: Principal) => keys.placeOf(principal, id),
      missing: ({ id }: { readonly id: string }) => unknownKey(id),
    },
  } as const;

  const shownKey = (key: ApiKey): z.input<typeof keyAnswer> => ({
    id: key.id,
    agent: key.agent,
    namespace: key.namespace,
    state: keyState(key, clock.now()),
    access: [...key.access],
    allowedTools: key.allowedTools && [...key.allowedTools],
    allowedCidrs: key.allowedCidrs && [...key.allowedCidrs],
    scopes: [...key.scopes],
    label: key.label,
    createdAt: momentOf(key.createdAt),
    expiresAt: momentOf(key.expiresAt),
    revokedAt: momentOf(key.revokedAt),
    lastUsedAt: momentOf(key.lastUsedAt),
    replacedBy: key.replacedBy,
  });
  const shownIssued = ({ key, agent, agentIsNew, secret }: IssuedKey) => ({
    key: shownKey(key),
    agent: shownAgent(agent),
    agentIsNew,
    secret: reveal(secret),
  });
  const withoutKey = (answer: Issued): Issued => ({
    ...answer,
    secret: null,
    notice: `the key \`${answer.key.id}\` was made by the first request, and shown that once; if it is lost, revoke it and make another`,
  });

  return [
    listing({
      operationId: 'listKeys',
      path: '/keys',
      summary: 'API keys, without what would let somebody use them, oldest first',
      tag: 'keys',
      permission: 'key.read',
      where: 'listed',
      query: z.strictObject({ namespace: resourceName.optional() }),
      item: keyAnswer,
      position: z.string(),
      handle: async (call) => {
        const all = await ofNamespaces(call.namespaces, (namespace) => keys.list(namespace));
        return pageOf(all, call, ({ id }) => id, shownKey);
      },
    }),
    route({
      ...one,
      operationId: 'getKey',
      method: 'GET',
      path: '/keys/{id}',
      summary: 'One API key, without what would let somebody use it',
      tag: 'keys',
      permission: 'key.read',
      errors: ['KEY_UNKNOWN'],
      answer: keyAnswer,
      version: (answer) => JSON.stringify(answer),
      handle: async (call) => shownKey(await keys.show(authorOf(call), call.params.id)),
    }),
    route({
      ...ofAgent(parts),
      operationId: 'createKey',
      method: 'POST',
      path: '/agents/{namespace}/{name}/keys',
      summary: 'Make an API key, and its agent where there is none of that name',
      tag: 'keys',
      permission: 'key.create',
      status: 201,
      body: z.strictObject({
        roles: z.array(z.string().max(64)).max(10).optional().describe('Of a new agent; an existing one has these.'),
        scopes: z.array(z.string()).max(100).optional(),
        access: z.array(z.string()).max(3).optional().describe('`read` and `execute` when left out.'),
        allowedTools: z.array(z.string()).optional().describe('Exact names; every tool when left out.'),
        allowedCidrs: z.array(z.string()).optional().describe('Networks; anywhere when left out.'),
        expiresInSeconds: lifetime,
        label: z.string().max(1000).optional(),
      }),
      errors: [
        ...ISSUE_ERRORS,
        'NAME_REFUSED',
        'SCOPE_REFUSED',
        'ROLE_UNKNOWN',
        'KEY_LIMIT_REFUSED',
        'AGENT_UNKNOWN',
        'AGENT_DISABLED',
        'AGENT_DELETED',
        'AGENT_ROLES_DIFFER',
      ],
      answer: issuedAnswer,
      replay: withoutKey,
      handle: async (call) => {
        const { name: agent, namespace } = call.params;
        const { expiresInSeconds, ...limits } = call.body;
        const request = { ...limits, agent, namespace, lifetimeMs: milliseconds(expiresInSeconds) };
        return shownIssued(await keys.create(authorOf(call), request));
      },
    }),
    route({
      ...one,
      operationId: 'rotateKey',
      method: 'POST',
      path: '/keys/{id}/rotate',
      summary: 'Make a key like this one, which counts on for a while',
      tag: 'keys',
      permission: 'key.rotate',
      status: 201,
      body: z.strictObject({
        graceSeconds: z.number().optional().describe('How long the old key still counts: a day when left out.'),
        expiresInSeconds: lifetime,
      }),
      errors: [...ISSUE_ERRORS, 'KEY_UNKNOWN', 'KEY_NOT_ACTIVE', 'KEY_GRACE_REFUSED'],
      answer: issuedAnswer,
      replay: withoutKey,
      handle: async (call) => {
        const { graceSeconds, expiresInSeconds } = call.body;
        const rotation = { graceMs: milliseconds(graceSeconds), lifetimeMs: milliseconds(expiresInSeconds) };
        return shownIssued(await keys.rotate(authorOf(call), call.params.id, rotation));
      },
    }),
    route({
      ...one,
      operationId: 'revokeKey',
      method: 'POST',
      path: '/keys/{id}/revoke',
      summary: 'Take a key back for good',
      tag: 'keys',
      permission: 'key.revoke',
      errors: ['KEY_UNKNOWN', 'STEP_UP_REQUIRED'],
      answer: keyAnswer,
      version: (answer) => JSON.stringify(answer),
      handle: async (call) => shownKey(await keys.revoke(authorOf(call), call.params.id)),
    }),
  ];
}

const milliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.round(seconds * 1000);
