import { DEFAULT_NAMESPACE, type Access, type Principal } from '#contract';
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
