import { EVERYWHERE, type Access, type Principal } from '#contract';
import { operator, type AgentDirectory, type Author, type ChangeFrame, type UserDirectory } from '#identity';
import type { Campaign, Line } from './campaign.ts';
import type { HeldThings } from './held-things.ts';
import type { TakingsParts } from './takings.ts';

export interface ReviewsParts {
  readonly frame: ChangeFrame;
  readonly users: Pick<UserDirectory, 'find'>;
  readonly agents: Pick<AgentDirectory, 'byId' | 'isResponsible'>;
  readonly held: HeldThings;
  readonly takings: TakingsParts;
  /** What somebody may be and do now; undefined for whoever is cut off or not there. */
  readonly principalOf: (who: {
    readonly kind: 'user' | 'agent';
    readonly id: string;
  }) => Promise<Principal | undefined>;
}

/** With what proof it is decided: of a reviewer theirs, and of the due time none, which nobody can be asked for. */
export type Proof = Pick<Principal, 'via' | 'authTime' | 'amr' | 'access'>;

const ALL: ReadonlySet<Access> = new Set(['read', 'execute', 'admin']);
export const NO_PROOF: Proof = { via: { method: 'local' }, access: ALL };

/**
 * As whom things are taken away: whoever opened the campaign, with what they may do now. Reviewers need no office of
 * their own, and nothing is taken away that its opener could not. Undefined when they may come in no more.
 */
export async function authorityOf(
  { principalOf }: Pick<ReviewsParts, 'principalOf'>,
  { openedBy: { kind, id } }: Campaign,
  origin: Author['origin'],
  { via, authTime, amr, access }: Proof,
): Promise<Author | undefined> {
  const opener = kind === 'operator' ? operator().principal : await principalOf({ kind, id });
  if (opener === undefined) return undefined;
  const { authTime: _, amr: __, ...roles } = opener;
  const proof = { via, access, ...(authTime !== undefined && { authTime }), ...(amr !== undefined && { amr }) };
  return { principal: { ...roles, ...proof }, origin };
}

/** What goes on record of a campaign, and of one of its lines. */
export const changeOf = (
  verb: 'open' | 'decide' | 'due' | 'close',
  { id, namespace = EVERYWHERE }: { readonly id: string; readonly namespace?: string },
  details: Readonly<Record<string, string | number>> = {},
) => ({
  ...{ type: `access-review.${verb}`, action: verb, details },
  object: { kind: 'access-review', namespace, name: id.slice(0, 26), id: id.slice(0, 26) },
});

export const lineDetails = ({ line, holder, kind, namespace, target }: Line) => ({
  ...{
    line,
    holder: `${holder.kind} ${holder.id}`.slice(0, 256),
    thing: `${kind} ${namespace}/${target}`.slice(0, 256),
  },
});
