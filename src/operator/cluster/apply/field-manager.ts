/** The name under which everything is applied: which fields are ours is kept by it, so it never changes. */
export const FIELD_MANAGER = 'chatelaine-operator';

/** On everything that we make: by it, and by who owns it, we know what is ours to delete. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = { [MANAGED_BY_LABEL]: FIELD_MANAGER } as const;
