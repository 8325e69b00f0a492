import { DEFAULT_NAMESPACE, EVERYWHERE, type Access, type Principal } from '#contract';
import { checkNamespace, checkScopes } from './names.ts';

const USE: ReadonlySet<Access> = new Set(['read', 'execute']);

export interface LocalUserOptions {
  /** What `--scope` named; a local user has no scope by default. */
  readonly scopes?: readonly string[];
  readonly namespace?: string;
}

/**
 * The person at this machine, who starts `serve --stdio` or `invoke`: whoever may run the command may
 * read the configuration and its data directory, so asking for a key would prove nothing more. Scopes
 * are another matter: they say what this run is for, so a tool that requires one is refused until the
 * person names it.
 *
 * Throws `SCOPE_REFUSED`, `NAME_REFUSED`.
 */
export function localUser(options: LocalUserOptions = {}): Principal {
  const namespace = options.namespace ?? DEFAULT_NAMESPACE;
  checkNamespace(namespace);
  return Object.freeze({
    kind: 'user',
    iss: 'chatelaine',
    sub: 'local',
    name: 'local',
    namespace,
    roles: Object.freeze(['user'] as const),
    access: USE,
    groups: Object.freeze([]),
    scopes: new Set(checkScopes(options.scopes ?? [])),
    via: Object.freeze({ method: 'local' } as const),
  });
}

/**
 * The person who runs a command on a data directory. Whoever may write the database may do anything to
 * what is in it; a smaller role would pretend otherwise.
 */
export const localOperator = (): Principal =>
  Object.freeze({
    kind: 'user',
    iss: 'chatelaine',
    sub: 'local',
    name: 'local',
    namespace: DEFAULT_NAMESPACE,
    roles: Object.freeze(['admin'] as const),
    grants: Object.freeze([{ role: 'admin', namespace: EVERYWHERE } as const]),
    access: new Set(['read', 'execute', 'admin'] as const),
    groups: Object.freeze([]),
    scopes: new Set<never>(),
    via: Object.freeze({ method: 'local' } as const),
  });
