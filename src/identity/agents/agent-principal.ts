import { EVERYWHERE, type Principal } from '#contract';
import type { Standing } from '../roles/standing.ts';
import type { Agent } from './agent.ts';

/** The agent as doors and decisions see it, with what its credential may be used for. */
export function agentPrincipal(
  agent: Pick<Agent, 'id' | 'name' | 'namespace'>,
  { grants, groups }: Standing,
  credential: Pick<Principal, 'access' | 'scopes' | 'allowedTools' | 'via'>,
): Principal {
  const here = grants.filter(({ namespace }) => namespace === agent.namespace || namespace === EVERYWHERE);
  return Object.freeze({
    kind: 'agent',
    iss: 'chatelaine',
    sub: agent.id,
    name: agent.name,
    namespace: agent.namespace,
    roles: Object.freeze([...new Set(here.map(({ role }) => role))]),
    grants: Object.freeze(grants),
    groups: Object.freeze(groups),
    ...credential,
  });
}
