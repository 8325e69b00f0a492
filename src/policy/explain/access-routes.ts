/** `GET /access/validate`: whether somebody has access to a tool, for programs that ask before they call. */
import { z } from 'zod';
import { route, type Route } from '#http';
import { EVERYWHERE, rolesIn, type Principal, type Refuse } from '#contract';
import type { Clock } from '#kernel';
import type { Evaluator } from '../decide/evaluator.ts';
import type { PolicySet } from '../decide/policy-set.ts';
import { principalEntity, toolEntity } from '../facts/entities.ts';
import { circumstancesOf, knownOf } from './asked.ts';
import type { CallableTool, CallableTools, Callers } from './ports.ts';
import { possible } from './possible.ts';

export interface AccessParts {
  readonly policies: { current(): PolicySet | Promise<PolicySet> };
  readonly evaluator: () => Promise<Evaluator>;
  readonly callers: Callers;
  readonly tools: CallableTools;
  readonly refuse: Refuse;
  readonly clock: Clock;
}

const access = z.strictObject({
  has_access: z.boolean().describe('With some arguments, and in some circumstances.'),
  allowed_scopes: z.array(z.string()),
  policy_id: z.string().nullable(),
  policy_name: z.string().nullable(),
});

/** What is not there, what somebody else's is, and what is denied: nobody can tell one from the other. */
const NONE: z.output<typeof access> = { has_access: false, allowed_scopes: [], policy_id: null, policy_name: null };

export function accessRoutes({ policies, evaluator, callers, tools, refuse, clock }: AccessParts): readonly Route[] {
  /** Who writes policies in the namespace of the tool may ask for others; everybody for themselves. */
  async function subject(asking: Principal, id: string | undefined, { facts }: CallableTool) {
    if (id === undefined || isSelf(asking, id)) return asking;
    const mayAskForOthers = (namespace: string) => refuse(asking, 'policy.read', { namespace }) === undefined;
    if (!mayAskForOthers(facts.namespace)) return undefined;
    const reach = mayAskForOthers(EVERYWHERE) ? 'all' : [facts.namespace];
    return (await callers.find({ kind: 'agent', id }, reach)) ?? (await callers.find({ kind: 'user', id }, reach));
  }

  return [
    route({
      operationId: 'validateAccess',
      method: 'GET',
      path: '/access/validate',
      summary: 'Whether an agent or a user has access to a tool',
      description:
        'By the decision that a call would meet. Without `agent_id` of whoever asks; of others for who may read policies where the tool is. What is unknown, foreign or denied is answered alike.',
      tag: 'access',
      permission: 'tool.read',
      where: 'listed',
      query: z.strictObject({
        agent_id: z.string().min(1).max(256).optional().describe('An id, or `namespace/name` of an agent.'),
        tool_id: z.string().min(1).max(512).describe('`namespace/name`, or a name in the namespace of who asks.'),
      }),
      answer: access,
      handle: async ({ principal, query }) => {
        const slash = query.tool_id.indexOf('/');
        const namespace = slash < 0 ? principal.namespace : query.tool_id.slice(0, slash);
        const tool = await tools.find(namespace, query.tool_id.slice(slash + 1));
        if (tool === undefined || !hasBusiness(principal, namespace)) return NONE;
        const who = await subject(principal, query.agent_id, tool);
        if (who === undefined) return NONE;
        const set = await policies.current();
        const asked = {
          principal: principalEntity(who, namespace),
          action: 'execute' as const,
          resource: toolEntity(tool.facts),
          namespace,
          circumstances: circumstancesOf({}, undefined, tool, clock.now()),
        };
        const { may, by, obligations } = possible(await evaluator(), set, asked, knownOf({}, undefined));
        if (may === 'no') return NONE;
        const rule = set.rules.find(({ id }) => id === by[0]);
        const { scopes } = tool.facts;
        return {
          has_access: true,
          allowed_scopes:
            obligations.scopes === undefined ? [...scopes] : scopes.filter((one) => obligations.scopes?.includes(one)),
          policy_id: rule?.policy.id ?? null,
          policy_name: rule?.name ?? rule?.policy.id ?? null,
        };
      },
    }),
  ];
}

const isSelf = ({ sub, kind, namespace, name }: Principal, id: string): boolean =>
  id === sub || (kind === 'agent' && id === `${namespace}/${name}`);

/** Whoever has no role in a namespace is told nothing of what is in it. */
const hasBusiness = (principal: Principal, namespace: string): boolean =>
  rolesIn(principal, namespace).length > 0 || rolesIn(principal, EVERYWHERE).length > 0;
