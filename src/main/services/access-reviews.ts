import { EVERYWHERE, type Access, type Principal } from '#contract';
import { agentPrincipal, userPrincipal, type Identity } from '#identity';
import type { Clock } from '#kernel';
import type { PolicyDirectory } from '#policy';
import { loadReviews, type Credentials, type ReviewsParts } from '#registry';
import type { Services } from './open-services.ts';

const ALL: ReadonlySet<Access> = new Set(['read', 'execute', 'admin']);

/** What reviews of access ask and change: identity, credentials and policies, each by whoever owns it. */
export async function reviewsParts({
  services: { database, identity, users },
  credentials,
  policies,
  clock,
}: {
  readonly services: Pick<Services, 'database' | 'identity' | 'users'>;
  readonly credentials: Pick<Credentials, 'revoke'>;
  readonly policies: Pick<PolicyDirectory, 'naming' | 'delete'>;
  readonly clock: Clock;
}): Promise<ReviewsParts> {
  const { HeldThings } = await loadReviews();
  const { agents, frame } = identity;
  const held = new HeldThings({
    ...{ database, identity, policies, clock },
    async nameOf({ kind, id }) {
      if (kind === 'user') return (await users.find(id)) && '';
      const agent = await agents.byId(id);
      return agent?.deletedAt === null ? agent.name : undefined;
    },
  });
  const takings = { frame, identity, credentials, policies };
  return { frame, users, agents, held, takings, principalOf: principalsOf(identity) };
}

/** By id alone: a name could be anybody's by now. */
const principalsOf =
  ({ standings, agentStandings }: Pick<Identity, 'standings' | 'agentStandings'>): ReviewsParts['principalOf'] =>
  async ({ kind, id }): Promise<Principal | undefined> => {
    if (kind === 'user') {
      const standing = await standings.ofUser(id);
      return standing && userPrincipal(standing, { namespace: EVERYWHERE, via: { method: 'session', sessionId: '' } });
    }
    const standing = await agentStandings.ofAgent(id);
    const door = { access: ALL, scopes: new Set<string>(), via: { method: 'api-key', keyId: '' } } as const;
    return standing && agentPrincipal(standing.agent, standing, door);
  };
