import type { Principal } from '#contract';
import type { Clock } from '#kernel';
import type { Circumstances, CurrentPolicies } from '#policy';
import type { ToolboxSnapshot } from '#toolbox';
import { callerEntity, toolIn } from './entities.ts';

/** The tool whose call is to be approved, and from where. */
export interface Approving {
  readonly namespace: string;
  readonly tool: string;
  readonly door: 'api' | 'console';
  readonly address: string | undefined;
}

/**
 * Whether policies let that person approve calls of that tool: the action `approve`. Of a tool that is not there
 * nobody approves anything. The arguments are no part of the question: what may be done with them is decided where
 * they are called with, and whose yes that takes.
 */
export function approvePolicy(parts: {
  readonly policies: CurrentPolicies;
  readonly snapshot: () => ToolboxSnapshot;
  readonly clock: Clock;
}): (person: Principal, about: Approving) => Promise<boolean> {
  return async (person, { namespace, tool: name, door, address }) => {
    const view = parts.snapshot().namespaces.get(namespace);
    const tool = view?.tools.get(name);
    if (view === undefined || tool === undefined) return false;
    const policies = await parts.policies.current();
    const circumstances: Circumstances = {
      ...{ door, method: person.via.method, scopes: person.scopes, client: person.clientId, address },
      ...{ authTime: person.authTime, mfa: person.amr?.includes('mfa') === true, now: parts.clock.now() },
      actors: (person.act ?? []).map(({ iss, sub }) => `${iss}#${sub}`),
      argument: () => undefined,
    };
    const decision = policies.decide({
      ...{ principal: callerEntity(person, namespace), action: 'approve', resource: toolIn(view, tool).entity },
      ...{ namespace, circumstances },
    });
    return decision.allowed;
  };
}
