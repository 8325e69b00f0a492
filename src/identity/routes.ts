/** `/api/v1/agents` and `/api/v1/keys`: who calls, and with what. */
import { z } from 'zod';
import { recordedChange } from '#audit';
import { resourceName, ROLES, type AuditTrail } from '#contract';
import { listing, moment, momentOf, route, type Route } from '#http';
import { reveal, type Clock } from '#kernel';
import type { Agent } from './agents/agent.ts';
import { identityError } from './errors.ts';
import type { Identity } from './identity.ts';
import { keyState, type ApiKey } from './keys/api-key.ts';
import { unknownKey } from './keys/key-authority.ts';
import { quote } from './names.ts';

const agentName = z.strictObject({ namespace: resourceName, name: z.string().min(1).max(128) });
type AgentName = z.output<typeof agentName>;

const agent = z.strictObject({
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
  type: z.enum(['user', 'service', 'bot']),
  roles: z.array(z.enum(ROLES)),
  responsibleUser: z.string().nullable(),
  description: z.string(),
  createdAt: moment,
  disabledAt: moment.nullable(),
});

const key = z.strictObject({
  id: z.string(),
  agent: z.string(),
  namespace: z.string(),
  state: z.enum(['active', 'revoked', 'disabled', 'expired']).describe('`disabled`: its agent is.'),
  scopes: z.array(z.string()),
  label: z.string(),
  createdAt: moment,
  expiresAt: moment.nullable(),
  revokedAt: moment.nullable(),
  lastUsedAt: moment.nullable().describe('To the minute.'),
});

const issued = z.strictObject({
  key,
  agent,
  agentIsNew: z.boolean(),
  secret: z.string().nullable().describe('The key itself: shown this once, and null in a repetition.'),
  notice: z.string().optional().describe('Why a repetition does not show the key.'),
});

const unknownAgent = ({ namespace, name }: AgentName) =>
  identityError('AGENT_UNKNOWN', `there is no agent ${quote(name)} in the namespace ${quote(namespace)}`);

/** The routes over identity; `trail` takes the record of every change. */
export function identityRoutes({
  identity,
  trail,
  clock,
}: {
  readonly identity: Identity;
  readonly trail: AuditTrail;
  readonly clock: Clock;
}): readonly Route[] {
  const { agents, keys } = identity;
  const ofAgent = {
    params: agentName,
    where: { target: ({ namespace }: AgentName) => ({ namespace }), missing: unknownAgent },
  } as const;
  const ofKey = {
    params: z.strictObject({ id: z.string().min(1).max(128) }),
    where: {
      target: async ({ id }: { readonly id: string }) => ({ namespace: (await keys.find(id)).namespace }),
      missing: ({ id }: { readonly id: string }) => unknownKey(id),
    },
  } as const;
  const shownKey = (one: ApiKey): z.input<typeof key> => ({
    id: one.id,
    agent: one.agent,
    namespace: one.namespace,
    state: keyState(one, clock.now()),
    scopes: [...one.scopes],
    label: one.label,
    createdAt: momentOf(one.createdAt),
    expiresAt: momentOf(one.expiresAt),
    revokedAt: momentOf(one.revokedAt),
    lastUsedAt: momentOf(one.lastUsedAt),
  });

  const switched = (verb: 'disable' | 'enable'): Route =>
    route({
      ...ofAgent,
      operationId: `${verb}Agent`,
      method: 'POST',
      path: `/agents/{namespace}/{name}/${verb}`,
      summary: verb === 'disable' ? 'Refuse every key of an agent' : 'Let the keys of an agent count again',
      tag: 'agents',
      permission: `agent.${verb}`,
      errors: ['AGENT_UNKNOWN'],
      answer: agent,
      handle: async ({ params: { namespace, name }, origin }) =>
        recordedChange(
          trail,
          origin,
          { type: `agent.${verb}d`, action: verb, object: { kind: 'agent', namespace, name } },
          async () => {
            const changed = await agents[verb](name, namespace);
            return { value: shownAgent(changed), objectId: changed.id };
          },
        ),
    });

  return [
    listing({
      operationId: 'listAgents',
      path: '/agents',
      summary: 'Agents by namespace and name',
      tag: 'agents',
      permission: 'agent.read',
      where: 'listed',
      query: z.strictObject({ namespace: resourceName.optional() }),
      item: agent,
      position: z.string(),
      handle: async (call) => {
        const all = await ofNamespaces(call.namespaces, (namespace) => agents.list(namespace));
        return pageOf(all, call, ({ namespace, name }) => `${namespace}/${name}`, shownAgent);
      },
    }),
    route({
      ...ofAgent,
      operationId: 'getAgent',
      method: 'GET',
      path: '/agents/{namespace}/{name}',
      summary: 'One agent',
      tag: 'agents',
      permission: 'agent.read',
      errors: ['AGENT_UNKNOWN'],
      answer: agent,
      version: (one) => JSON.stringify(one),
      handle: async ({ params: { namespace, name } }) => shownAgent(await agents.find(name, namespace)),
    }),
    switched('disable'),
    switched('enable'),
    listing({
      operationId: 'listKeys',
      path: '/keys',
      summary: 'API keys, without what would let somebody use them, oldest first',
      tag: 'keys',
      permission: 'key.read',
      where: 'listed',
      query: z.strictObject({ namespace: resourceName.optional() }),
      item: key,
      position: z.string(),
      handle: async (call) => {
        const all = await ofNamespaces(call.namespaces, (namespace) => keys.list(namespace));
        return pageOf(all, call, ({ id }) => id, shownKey);
      },
    }),
    route({
      ...ofKey,
      operationId: 'getKey',
      method: 'GET',
      path: '/keys/{id}',
      summary: 'One API key, without what would let somebody use it',
      tag: 'keys',
      permission: 'key.read',
      errors: ['KEY_UNKNOWN'],
      answer: key,
      version: (one) => JSON.stringify(one),
      handle: async ({ params: { id } }) => shownKey(await keys.find(id)),
    }),
    route({
      ...ofAgent,
      operationId: 'createKey',
      method: 'POST',
      path: '/agents/{namespace}/{name}/keys',
      summary: 'Make an API key, and its agent where there is none of that name',
      tag: 'keys',
      permission: 'key.create',
      status: 201,
      body: z.strictObject({
        roles: z
          .array(z.string())
          .max(10)
          .optional()
          .describe('Of a new agent; an existing one must have exactly these.'),
        scopes: z.array(z.string()).max(100).optional(),
        expiresInSeconds: z.number().positive().optional().describe('No end when left out.'),
        label: z.string().max(200).optional(),
      }),
      errors: [
        'NAME_REFUSED',
        'SCOPE_REFUSED',
        'ROLE_UNKNOWN',
        'KEY_LIFETIME_REFUSED',
        'AGENT_UNKNOWN',
        'AGENT_DISABLED',
        'AGENT_ROLES_DIFFER',
      ],
      answer: issued,
      replay: (answer) => ({
        ...answer,
        secret: null,
        notice: `the key \`${answer.key.id}\` was made by the first request, and shown that once; revoke it and make another if it is lost`,
      }),
      handle: async ({ params: { namespace, name }, body, origin }) =>
        recordedChange(
          trail,
          origin,
          { class: 'credential', type: 'key.created', action: 'create', object: { kind: 'agent', namespace, name } },
          async () => {
            const { expiresInSeconds, ...request } = body;
            const made = await keys.create({
              ...request,
              agent: name,
              namespace,
              lifetimeMs: expiresInSeconds === undefined ? undefined : expiresInSeconds * 1000,
            });
            return {
              value: {
                key: shownKey(made.key),
                agent: shownAgent(made.agent),
                agentIsNew: made.agentIsNew,
                secret: reveal(made.secret),
              },
              objectId: made.agent.id,
              details: { keyId: made.key.id },
            };
          },
        ),
    }),
    route({
      ...ofKey,
      operationId: 'revokeKey',
      method: 'POST',
      path: '/keys/{id}/revoke',
      summary: 'Take a key back for good',
      tag: 'keys',
      permission: 'key.revoke',
      errors: ['KEY_UNKNOWN'],
      answer: key,
      handle: async ({ params: { id }, origin }) => {
        const { namespace } = await keys.find(id);
        return recordedChange(
          trail,
          origin,
          {
            class: 'credential',
            type: 'key.revoked',
            action: 'revoke',
            object: { kind: 'key', namespace, name: id, id },
          },
          async () => ({ value: shownKey(await keys.revoke(id)) }),
        );
      },
    }),
  ];
}

const shownAgent = (one: Agent): z.input<typeof agent> => ({
  id: one.id,
  name: one.name,
  namespace: one.namespace,
  type: one.type,
  roles: [...one.roles],
  responsibleUser: one.responsibleUser,
  description: one.description,
  createdAt: momentOf(one.createdAt),
  disabledAt: momentOf(one.disabledAt),
});

async function ofNamespaces<Item>(
  namespaces: readonly string[] | 'all',
  list: (namespace: string | undefined) => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  if (namespaces === 'all') return await list(undefined);
  return (await Promise.all(namespaces.map(list))).flat();
}

/**
 * A page of a list that is read whole, agents and keys being counted in thousands. `placeOf` gives what
 * the order goes by: a position stays one when what stood there is gone.
 */
function pageOf<Item, Shown>(
  all: readonly Item[],
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
  placeOf: (item: Item) => string,
  show: (item: Item) => Shown,
): { readonly items: readonly Shown[]; readonly next: string | undefined } {
  const placed = all
    .map((item) => ({ item, place: placeOf(item) }))
    .filter(({ place }) => after === undefined || place > after)
    .toSorted((left, right) => (left.place < right.place ? -1 : 1));
  const page = placed.slice(0, limit);
  return { items: page.map(({ item }) => show(item)), next: placed.length > limit ? page.at(-1)?.place : undefined };
}
