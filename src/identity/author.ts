import { EVERYWHERE, type Access, type AuditOrigin, type Principal } from '#contract';

/** Who changes something, and how they came in: what every change asks for, for its permission and its record. */
export interface Author {
  readonly principal: Principal;
  readonly origin: AuditOrigin;
}

const ALL: ReadonlySet<Access> = new Set(['read', 'execute', 'admin']);

/**
 * The person who runs a command on a data directory. Whoever may write the database may do anything to
 * what is in it; a smaller role would pretend otherwise. The change is on record all the same.
 */
export function operator(): Author {
  const principal: Principal = {
    kind: 'user',
    iss: 'chatelaine',
    sub: 'operator',
    name: 'operator',
    namespace: EVERYWHERE,
    roles: ['admin', 'policy_admin'],
    grants: [
      { role: 'admin', namespace: EVERYWHERE },
      { role: 'policy_admin', namespace: EVERYWHERE },
    ],
    access: ALL,
    groups: [],
    scopes: new Set(),
    via: { method: 'local' },
  };
  const actor = { kind: 'user', iss: principal.iss, sub: principal.sub, name: principal.name } as const;
  return { principal, origin: { door: 'cli', actor } };
}

/** What Chatelaine itself does, such as taking over what an identity provider says at a sign-in. */
export const SYSTEM: AuditOrigin['actor'] = { kind: 'system', iss: 'chatelaine', sub: 'system', name: 'system' };
