/**
 * Who has to do with some namespaces: the agents that are in them, and whoever was given a role there. Asked of the
 * database as such, so that neither the number of others nor the time to go through them shows.
 */
import { EVERYWHERE, type RoleBindingCommon } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import { listAgentIdsHolding, listUserIdsHolding, type SubjectsNamed } from '../store/holders-within-store.ts';
import { loginKey } from '../users/login-name.ts';
import type { DeclaredBindings } from './declared-bindings.ts';

export interface HoldersPage {
  readonly after: string | undefined;
  readonly limit: number;
}

export interface HoldersWithin {
  /** Ids of users, also of those whose role holds everywhere: it holds there too. */
  users(namespaces: readonly string[], page: HoldersPage): Promise<readonly string[]>;
  /** Ids of agents; a role that holds everywhere brings none of another namespace here. */
  agents(namespaces: readonly string[], page: HoldersPage): Promise<readonly string[]>;
}

export const holdersWithin = (db: DatabaseOrTransaction, declared: DeclaredBindings): HoldersWithin => ({
  users: (namespaces, page) => {
    const counting = declared().filter(({ everywhere, namespace }) => everywhere || namespaces.includes(namespace));
    return listUserIdsHolding(db, [...namespaces, EVERYWHERE], namedBy(counting), page);
  },
  agents: (namespaces, page) => {
    const counting = declared().filter(({ everywhere, namespace }) => !everywhere && namespaces.includes(namespace));
    return listAgentIdsHolding(db, namespaces, namedBy(counting), page);
  },
});

/** As `declaredGrants` knows them. */
function namedBy(bindings: readonly RoleBindingCommon[]): SubjectsNamed {
  const of = <Value>(value: (binding: RoleBindingCommon) => readonly Value[]): readonly Value[] =>
    bindings.flatMap(value);
  return {
    nameKeys: of(({ user, issuer }) => (user === undefined || issuer !== undefined ? [] : [loginKey(user)])),
    users: of(({ user: subject, issuer }) =>
      subject === undefined || issuer === undefined ? [] : [{ issuer, subject }],
    ),
    groups: of(({ group: name, issuer, namespace }) =>
      name === undefined || issuer !== undefined
        ? []
        : [namespace, EVERYWHERE].map((one) => ({ namespace: one, name })),
    ),
    claimGroups: of(({ group: name, issuer }) =>
      name === undefined || issuer === undefined ? [] : [{ issuer, name }],
    ),
  };
}
