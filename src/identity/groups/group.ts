/** A group of our own: people and agents who are to be treated alike. */
export interface UserGroup {
  readonly id: string;
  /** A namespace, or `EVERYWHERE` for a global group. */
  readonly namespace: string;
  /** Unique in its namespace. */
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
}

/** What policies and principals call a group. No group of ours has `#` in it, none of a provider lacks it. */
export const groupLabel = (group: Pick<UserGroup, 'namespace' | 'name'>): string => `${group.namespace}/${group.name}`;
export const claimGroupLabel = (group: { readonly issuer: string; readonly name: string }): string =>
  `${group.issuer}#${group.name}`;
