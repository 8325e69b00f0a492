import type { Also, Author, ChangeFrame, Identity } from '#identity';
import type { PolicyDirectory } from '#policy';
import type { Credentials } from '../credentials/credentials.ts';
import type { Line } from './campaign.ts';
import { reviewError } from './errors.ts';

export interface TakingsParts {
  readonly frame: Pick<ChangeFrame, 'check'>;
  readonly identity: Pick<Identity, 'agents' | 'groups' | 'keys' | 'roles'>;
  readonly credentials: Pick<Credentials, 'revoke'>;
  readonly policies: Pick<PolicyDirectory, 'delete'>;
}

/**
 * Takes away what a line is about, through who owns it: with their checks and their record, and with `also` in the
 * same transaction. Throws what they throw.
 */
export async function takeAway(
  { frame, identity, credentials, policies }: TakingsParts,
  by: Author,
  { kind, holder, namespace, target, review }: Line,
  also: Also,
): Promise<void> {
  const member = { kind: holder.kind, id: holder.id } as const;
  switch (kind) {
    case 'binding':
      return await identity.roles.delete(by, target, also);
    case 'agent-role':
      return await takeRoleOfRow(identity, by, holder.id, target, also);
    case 'membership': {
      const group = (await identity.groups.list(namespace)).find(({ id }) => id === target);
      return await identity.groups.removeMember(by, namespace, group?.name ?? target, member, also);
    }
    case 'key':
      return void (await identity.keys.revoke(by, target, also));
    case 'credential':
      return void (await credentials.revoke(by, target, also));
    case 'policy':
      frame.check(by, 'policy.change', { namespace });
      return await policies.delete(
        { namespace, name: target },
        { ...by, reason: `access review ${review}` },
        () => {},
        also,
      );
    case 'declared-role':
    case 'claim-group':
      throw new Error(`a ${kind} is taken away elsewhere`);
  }
}

/** The other roles of the row stay: whoever changes them at the same time must not lose that. */
async function takeRoleOfRow(
  { agents }: Pick<Identity, 'agents'>,
  by: Author,
  id: string,
  role: string,
  also: Also,
): Promise<void> {
  const agent = await agents.byId(id);
  if (agent === undefined) throw reviewError('REVIEW_HOLDER_CHANGED', 'the agent is not there any more');
  const roles = agent.roles.filter((one) => one !== role);
  await agents.change(
    ...([by, agent.name, agent.namespace, { roles }] as const),
    (current) => {
      if (current.roles.join(' ') === agent.roles.join(' ')) return;
      throw reviewError('REVIEW_HOLDER_CHANGED', `the roles of \`${agent.name}\` were changed`);
    },
    also,
  );
}
