import { EVERYWHERE, type Principal } from '#contract';
import { agentPrincipal, type Identity, type UserDirectory, userPrincipal } from '#identity';
import type { Callers, Reach } from '#policy';

const AS_LISTED = { access: new Set(['read', 'execute'] as const), scopes: new Set<string>() };

/** Who there is to call tools, as questions to policies ask for them. */
export function callersOf(
  identity: Pick<Identity, 'standings' | 'agentStandings' | 'agents' | 'holdersWithin'>,
  users: Pick<UserDirectory, 'findByName' | 'list'>,
): Callers {
  async function user(id: string): Promise<Principal | undefined> {
    const standing = await identity.standings.ofUser(id);
    return standing && userPrincipal(standing, { namespace: EVERYWHERE, via: { method: 'session', sessionId: '' } });
  }

  async function agent(id: string): Promise<Principal | undefined> {
    const slash = id.indexOf('/');
    const { agentStandings } = identity;
    const standing = await (slash < 0
      ? agentStandings.ofAgent(id)
      : agentStandings.named(id.slice(0, slash), id.slice(slash + 1)));
    return (
      standing && agentPrincipal(standing.agent, standing, { ...AS_LISTED, via: { method: 'api-key', keyId: '' } })
    );
  }

  const found = async ({ kind, id }: { readonly kind: 'user' | 'agent'; readonly id: string }) => {
    if (kind === 'agent') return await agent(id);
    return (await user(id)) ?? (await user((await users.findByName(id))?.id ?? ''));
  };

  async function usersAfter(after: string | undefined, limit: number, reach: Reach) {
    if (reach === 'all') {
      const page = await users.list({ limit, cursor: after });
      return { callers: await Promise.all(page.items.map(({ id }) => user(id))), last: page.next };
    }
    const ids = await identity.holdersWithin.users(reach, { after, limit });
    return { callers: await Promise.all(ids.map(user)), last: lastOf(ids, limit) };
  }

  async function agentsAfter(after: string | undefined, limit: number, reach: Reach) {
    if (reach === 'all') {
      const named = (await identity.agents.list()).map(({ namespace, name }) => `${namespace}/${name}`).toSorted();
      const left = named.filter((name) => name > (after ?? ''));
      const callers = await Promise.all(left.slice(0, limit).map(agent));
      return { callers, last: left.length > limit ? left[limit - 1] : undefined };
    }
    const ids = await identity.holdersWithin.agents(reach, { after, limit });
    return { callers: await Promise.all(ids.map(agent)), last: lastOf(ids, limit) };
  }

  return {
    async find(whom, reach) {
      const caller = await found(whom);
      return caller !== undefined && isReached(caller, reach) ? caller : undefined;
    },

    /** People first, by their page; then agents. */
    async page(after, limit, reach) {
      if (after === undefined || after.startsWith('user:')) {
        const { callers, last } = await usersAfter(after?.slice('user:'.length), limit, reach);
        return { callers: present(callers, reach), next: last === undefined ? 'agents' : `user:${last}` };
      }
      const from = after === 'agents' ? undefined : after.slice('agent:'.length);
      const { callers, last } = await agentsAfter(from, limit, reach);
      return { callers: present(callers, reach), next: last === undefined ? undefined : `agent:${last}` };
    },
  };
}

/** As `Callers` has it. What a namespace that is disabled gave counts for nothing. */
function isReached({ kind, namespace, grants = [] }: Principal, reach: Reach): boolean {
  if (reach === 'all' || (kind === 'agent' && reach.includes(namespace))) return true;
  return grants.some((grant) => (grant.namespace === EVERYWHERE ? kind === 'user' : reach.includes(grant.namespace)));
}

/** After which there may be more: a page that is not full is the last. */
const lastOf = (ids: readonly string[], limit: number): string | undefined =>
  ids.length < limit ? undefined : ids.at(-1);

const present = (callers: readonly (Principal | undefined)[], reach: Reach): readonly Principal[] =>
  callers.filter((caller) => caller !== undefined).filter((caller) => isReached(caller, reach));
