import type { CalledTool, Principal } from '#contract';
import type { Clock } from '#kernel';
import {
  principalEntity,
  toolEntity,
  toolFacts,
  type CurrentPolicies,
  type DecisionRequest,
  type Decision,
} from '#policy';
import type { VendableTools, VendJudge } from './ports.ts';

/** What policies say of credentials: as of calls, by who asks, for which tool and from where, with another action. */
export function policyJudge(parts: {
  readonly policies: CurrentPolicies;
  readonly tools: Pick<VendableTools, 'toolsetsOf'>;
  readonly clock: Clock;
}): VendJudge {
  const { policies, tools, clock } = parts;

  function question(
    action: DecisionRequest['action'],
    principal: Principal,
    tool: CalledTool,
    address: string | undefined,
  ): DecisionRequest {
    return {
      action,
      principal: principalEntity(principal, tool.namespace),
      resource: toolEntity(toolFacts(tool, tools.toolsetsOf(tool))),
      namespace: tool.namespace,
      circumstances: {
        door: 'rest',
        method: principal.via.method,
        scopes: principal.scopes,
        client: principal.clientId,
        address,
        authTime: principal.authTime,
        mfa: principal.amr?.includes('mfa') === true,
        actors: [],
        now: clock.now(),
        // Nobody has called anything yet: a policy that looks at arguments permits no credential.
        argument: () => undefined,
      },
    };
  }

  return {
    async decide(principal, tool, { address }): Promise<Decision> {
      return (await policies.current()).decide(question('vend', principal, tool, address));
    },
    async sees(principal, tool, { address }): Promise<boolean> {
      return (await policies.current()).mayEver(question('execute', principal, tool, address));
    },
  };
}
