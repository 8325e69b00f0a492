import {
  loadPolicyDirectory,
  loadPolicyQuestions,
  loadPolicyRoutes,
  policyId,
  type DeclaredPolicy,
  type PolicyDirectory,
  type ValidatedTool,
} from '#policy';
import type { Route } from '#http';
import { refuseBy } from '#identity';
import type { Clock } from '#kernel';
import type { PolicyMaker } from '#registry';
import type { ToolboxSnapshot } from '#toolbox';
import type { Services } from './open-services.ts';

export interface PolicyApiOptions {
  readonly declared: () => readonly DeclaredPolicy[];
  /** The tools that there are now; none where no toolbox is open. */
  readonly tools?: (() => readonly ValidatedTool[]) | undefined;
  /** The tools that are served; none where nobody has read them. */
  readonly snapshot?: (() => ToolboxSnapshot) | undefined;
  readonly clock: Clock;
}

/** Policies as the API has them: kept, asked about, and made of wishes that were approved. */
export async function policyApi(
  { database, audit, identity, users, policies, watch }: Services,
  { declared, tools, snapshot, clock }: PolicyApiOptions,
): Promise<{
  readonly directory: PolicyDirectory;
  readonly routes: () => Promise<readonly Route[]>;
  readonly maker: PolicyMaker;
}> {
  const [{ callersOf }, { callableTools }] = await Promise.all([import('./callers.ts'), import('./callable-tools.ts')]);
  const directory = await loadPolicyDirectory({
    ...{ database, trail: audit, inForce: policies, clock },
    ...{ declared, tools: () => tools?.() },
    groups: async () => (await identity.groups.list()).map(({ namespace, name }) => `${namespace}/${name}`),
  });
  const routes = async (): Promise<readonly Route[]> =>
    (
      await Promise.all([
        loadPolicyRoutes(directory),
        loadPolicyQuestions({
          ...{ policies, watch, audit, refuse: refuseBy(identity.check, clock), clock },
          callers: callersOf(identity, users),
          tools: callableTools(snapshot ?? (() => undefined)),
        }),
      ])
    ).flat();
  return { directory, routes, maker: policyMaker(directory) };
}

/** Where an approved wish for access becomes a policy: as whoever approves it, and for that reason. */
const policyMaker = (policies: PolicyDirectory): PolicyMaker => ({
  async createPolicy(by, { namespace, name, description, cedar }) {
    const draft = { ...{ description, cedar, priority: 0 }, ...{ shadow: false, enabled: true } };
    await policies.create({ namespace, name }, draft, { ...by, reason: description });
    return { id: policyId({ namespace, name }) };
  },
});
