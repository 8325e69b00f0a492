/** The routes of the description that a server gives of itself, and where in `ServedApi` they lead. */
import type { Action } from '#contract';
import type { ServedApi } from './api.fixture.ts';

export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly permission: Action | undefined;
  /** Whether the description says that it takes a recent proof of a person. */
  readonly takesProof: boolean;
  /** The codes of each status. */
  readonly codes: ReadonlyMap<number, readonly string[]>;
  readonly success: object | undefined;
}

/** Where a route's permission must hold, and how what is not seen answers. */
export type Place =
  /** In `home`: what is asked for is there, or would be made there. */
  | readonly ['home', path: string, missing: string]
  /** In no namespace, about one thing. */
  | readonly ['global', path: string, missing: string]
  | readonly ['everywhere', path: string]
  | readonly ['listed', path: string]
  | readonly ['public', path: string];

export const PLACES: Readonly<Record<string, Place>> = {
  describeApi: ['public', '/openapi.json'],

  listUsers: ['everywhere', '/users'],
  createUser: ['everywhere', '/users'],
  getUser: ['global', '/users/{user}', 'USER_UNKNOWN'],
  getUserRoles: ['global', '/users/{user}/roles', 'USER_UNKNOWN'],
  changeUserProfile: ['global', '/users/{user}/profile', 'USER_UNKNOWN'],
  renameUser: ['global', '/users/{user}/rename', 'USER_UNKNOWN'],
  disableUser: ['global', '/users/{user}/disable', 'USER_UNKNOWN'],
  enableUser: ['global', '/users/{user}/enable', 'USER_UNKNOWN'],
  issuePasswordLink: ['global', '/users/{user}/password-link', 'USER_UNKNOWN'],
  resetFactors: ['global', '/users/{user}/reset-factors', 'USER_UNKNOWN'],
  eraseUser: ['global', '/users/{user}/erase', 'USER_UNKNOWN'],
  exportUserRecords: ['global', '/users/{user}/records', 'USER_UNKNOWN'],

  listSessions: ['global', '/users/{user}/sessions', 'USER_UNKNOWN'],
  endSessions: ['global', '/users/{user}/sessions', 'USER_UNKNOWN'],
  endSession: ['global', '/users/{user}/sessions/{member}', 'USER_UNKNOWN'],

  listAgents: ['listed', '/agents'],
  getAgent: ['home', '/agents/home/target', 'AGENT_UNKNOWN'],
  createAgent: ['home', '/agents/home/target', 'AGENT_UNKNOWN'],
  changeAgent: ['home', '/agents/home/target', 'AGENT_UNKNOWN'],
  disableAgent: ['home', '/agents/home/target/disable', 'AGENT_UNKNOWN'],
  enableAgent: ['home', '/agents/home/target/enable', 'AGENT_UNKNOWN'],
  deleteAgent: ['home', '/agents/home/target', 'AGENT_UNKNOWN'],

  listKeys: ['listed', '/keys'],
  getKey: ['home', '/keys/{key}', 'KEY_UNKNOWN'],
  createKey: ['home', '/agents/home/target/keys', 'AGENT_UNKNOWN'],
  rotateKey: ['home', '/keys/{key}/rotate', 'KEY_UNKNOWN'],
  revokeKey: ['home', '/keys/{key}/revoke', 'KEY_UNKNOWN'],

  listGroups: ['listed', '/groups'],
  getGroup: ['home', '/groups/home/target', 'GROUP_UNKNOWN'],
  createGroup: ['home', '/groups/home/target', 'GROUP_UNKNOWN'],
  addGroupMember: ['home', '/groups/home/target/members/agent/{member}', 'GROUP_UNKNOWN'],
  removeGroupMember: ['home', '/groups/home/target/members/agent/{member}', 'GROUP_UNKNOWN'],
  deleteGroup: ['home', '/groups/home/target', 'GROUP_UNKNOWN'],

  listRoleBindings: ['listed', '/role-bindings'],
  createRoleBinding: ['home', '/namespaces/home/role-bindings', 'FORBIDDEN'],
  deleteRoleBinding: ['home', '/role-bindings/{binding}', 'BINDING_UNKNOWN'],

  listDisabledNamespaces: ['everywhere', '/namespaces/disabled'],
  disableNamespace: ['everywhere', '/namespaces/home/disable'],
  enableNamespace: ['everywhere', '/namespaces/home/enable'],

  listSecrets: ['listed', '/secrets'],
  getSecret: ['home', '/secrets/home/target', 'SECRET_UNKNOWN'],
  putSecret: ['home', '/secrets/home/target', 'SECRET_UNKNOWN'],
  rotateSecret: ['home', '/secrets/home/target/rotate', 'SECRET_UNKNOWN'],
  disableSecret: ['home', '/secrets/home/target/disable', 'SECRET_UNKNOWN'],
  enableSecret: ['home', '/secrets/home/target/enable', 'SECRET_UNKNOWN'],
  deleteSecret: ['home', '/secrets/home/target', 'SECRET_UNKNOWN'],
  listSigningKeys: ['everywhere', '/signing-keys'],
  prepareSigningKey: ['everywhere', '/signing-keys/prepare'],
  activateSigningKey: ['everywhere', '/signing-keys/activate'],
  retireSigningKey: ['everywhere', '/signing-keys/retire'],

  listKeyWrappers: ['everywhere', '/data-keys/wrappers'],
  rotateDataKey: ['everywhere', '/data-keys/namespaces/home/rotate'],
  rewrapDataKeys: ['everywhere', '/data-keys/rewrap'],
  eraseSubject: ['everywhere', '/subjects/nobody/erase'],

  queryAudit: ['listed', '/audit/records'],
  getAuditRecord: ['home', '/audit/records/{record}', 'AUDIT_RECORD_UNKNOWN'],
  getReceipt: ['home', '/audit/records/{record}/receipt', 'AUDIT_RECORD_UNKNOWN'],
  listCheckpoints: ['everywhere', '/audit/checkpoints'],
  getAuditPublicKey: ['everywhere', '/audit/public-key'],
  verifyAudit: ['everywhere', '/audit/verify'],
  getDeliveries: ['everywhere', '/audit/deliveries'],
  reviewAccess: ['everywhere', '/audit/access-review'],
  exportEvidence: ['everywhere', '/audit/evidence'],
  exportAudit: ['everywhere', '/audit/export'],
};

/** Every route, as the server describes itself. */
export async function operationsOf(served: ServedApi): Promise<readonly Operation[]> {
  const document = (await (await served.ask('GET', '/api/v1/openapi.json', undefined)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>;
  };
  return Object.values(document.paths).flatMap((methods) =>
    Object.entries(methods).map(([method, operation]) => {
      const responses = operation['responses'] as Record<
        string,
        { description: string; content?: Record<string, { schema: object }> }
      >;
      const codes = Object.entries(responses).map(
        ([status, { description }]) =>
          [Number(status), [...description.matchAll(/`([A-Z_]+)`/g)].map((code) => code[1] as string)] as const,
      );
      return {
        operationId: operation['operationId'] as string,
        method: method.toUpperCase(),
        permission: operation['x-permission'] as Action | undefined,
        takesProof: operation['x-recent-proof'] === true,
        codes: new Map(codes),
        success: responses['200']?.content?.['application/json']?.schema,
      };
    }),
  );
}

/** The path at which something of that kind is. */
export const pathOf = (served: ServedApi, place: Place): string =>
  `/api/v1${place[1].replaceAll(/\{(\w+)\}/g, (_, name: keyof ServedApi['made']) => served.made[name])}`;
