import { z } from 'zod';
import { resourceName, ROLES, type Principal } from '#contract';
import { entityTag, listing, moment, momentOf, route, type Route } from '#http';
import { AGENT_TYPES, type Agent } from '../agents/agent.ts';
import { missingAgent } from '../agents/agent-directory.ts';
import { authorOf, ofNamespaces, pageOf, type RouteParts } from './parts.ts';

export const agentName = z.strictObject({ namespace: resourceName, name: z.string().min(1).max(128) });
export type AgentName = z.output<typeof agentName>;

/** An agent as the API shows it. */
export const agentAnswer = z.strictObject({
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
  type: z.enum(AGENT_TYPES),
  roles: z.array(z.enum(ROLES)),
  responsibleUser: z.string().nullable(),
  description: z.string(),
  spiffeId: z.string().nullable(),
  jwks: z.json().describe('A JWK Set (RFC 7517 §5), or null.'),
  jwksUri: z.string().nullable(),
  createdAt: moment,
  disabledAt: moment.nullable(),
});

const facts = z.strictObject({
  type: z.enum(AGENT_TYPES).optional(),
  responsibleUser: z.string().max(64).nullable().optional().describe('The id of the user who answers for it.'),
  description: z.string().max(1000).optional(),
  roles: z.array(z.string().max(64)).max(10).optional(),
  spiffeId: z.string().max(2048).nullable().optional(),
  jwks: z.json().optional().describe('A JWK Set (RFC 7517 §5) of public keys, or null.'),
  jwksUri: z.string().max(2048).nullable().optional(),
});

const FACT_ERRORS = ['NAME_REFUSED', 'ROLE_UNKNOWN', 'AGENT_IDENTITY_REFUSED', 'SPIFFE_ID_TAKEN', 'USER_UNKNOWN'];

/** Where permissions about an agent must hold: in its namespace, or because it is the caller's own. */
export function ofAgent({ identity }: RouteParts) {
  const { agents } = identity;
  return {
    params: agentName,
    where: {
      target: ({ namespace, name }: AgentName, principal: Principal) => agents.placeOf(principal, namespace, name),
      missing: ({ namespace, name }: AgentName) => missingAgent(namespace, name),
    },
  } as const;
}

/** `/api/v1/agents`. */
export function agentRoutes(parts: RouteParts): readonly Route[] {
  const { agents } = parts.identity;
  const one = ofAgent(parts);
  const checked = (call: { checkCurrent(etag: string | undefined): void }) => (current: Agent) =>
    call.checkCurrent(entityTag(JSON.stringify(shownAgent(current))));

  const switched = (verb: 'disable' | 'enable'): Route =>
    route({
      ...one,
      operationId: `${verb}Agent`,
      method: 'POST',
      path: `/agents/{namespace}/{name}/${verb}`,
      summary: verb === 'disable' ? 'Refuse every key and certificate of an agent' : 'Let an agent in again',
      tag: 'agents',
      permission: `agent.${verb}`,
      errors: ['AGENT_UNKNOWN', 'STEP_UP_REQUIRED'],
      answer: agentAnswer,
      version: (answer) => JSON.stringify(answer),
      handle: async (call) => shownAgent(await agents[verb](authorOf(call), call.params.name, call.params.namespace)),
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
      item: agentAnswer,
      position: z.string(),
      handle: async (call) => {
        const all = await ofNamespaces(call.namespaces, (namespace) => agents.list(namespace));
        return pageOf(all, call, ({ namespace, name }) => `${namespace}/${name}`, shownAgent);
      },
    }),
    route({
      ...one,
      operationId: 'getAgent',
      method: 'GET',
      path: '/agents/{namespace}/{name}',
      summary: 'One agent',
      tag: 'agents',
      permission: 'agent.read',
      errors: ['AGENT_UNKNOWN'],
      answer: agentAnswer,
      version: (answer) => JSON.stringify(answer),
      handle: async (call) => shownAgent(await agents.show(authorOf(call), call.params.name, call.params.namespace)),
    }),
    route({
      ...one,
      operationId: 'createAgent',
      method: 'POST',
      path: '/agents/{namespace}/{name}',
      summary: 'Make an agent, a service with no role unless it says otherwise',
      tag: 'agents',
      permission: 'agent.create',
      status: 201,
      body: facts,
      errors: [...FACT_ERRORS, 'AGENT_UNKNOWN', 'AGENT_NAME_TAKEN', 'STEP_UP_REQUIRED'],
      answer: agentAnswer,
      version: (answer) => JSON.stringify(answer),
      handle: async (call) => shownAgent(await agents.create(authorOf(call), { ...call.params, ...call.body })),
    }),
    route({
      ...one,
      operationId: 'changeAgent',
      method: 'PATCH',
      path: '/agents/{namespace}/{name}',
      summary: 'Change what an agent is said to be; what is left out stays, null takes away',
      tag: 'agents',
      permission: 'agent.change',
      conditional: true,
      body: facts,
      errors: [...FACT_ERRORS, 'AGENT_UNKNOWN', 'STEP_UP_REQUIRED'],
      answer: agentAnswer,
      version: (answer) => JSON.stringify(answer),
      handle: async (call) => {
        const { name, namespace } = call.params;
        return shownAgent(await agents.change(authorOf(call), name, namespace, call.body, checked(call)));
      },
    }),
    switched('disable'),
    switched('enable'),
    route({
      ...one,
      operationId: 'deleteAgent',
      method: 'DELETE',
      path: '/agents/{namespace}/{name}',
      summary: 'Disable an agent for good; its name is never used again',
      tag: 'agents',
      permission: 'agent.delete',
      conditional: true,
      status: 204,
      errors: ['AGENT_UNKNOWN'],
      handle: async (call) =>
        void (await agents.delete(authorOf(call), call.params.name, call.params.namespace, checked(call))),
    }),
  ];
}

export const shownAgent = (one: Agent): z.input<typeof agentAnswer> => ({
  id: one.id,
  name: one.name,
  namespace: one.namespace,
  type: one.type,
  roles: [...one.roles],
  responsibleUser: one.responsibleUser,
  description: one.description,
  spiffeId: one.spiffeId,
  jwks: one.jwks === null ? null : (JSON.parse(one.jwks) as z.core.util.JSONType),
  jwksUri: one.jwksUri,
  createdAt: momentOf(one.createdAt),
  disabledAt: momentOf(one.disabledAt),
});
