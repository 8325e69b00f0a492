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
  /** In the caller's own namespace, about what is theirs to use. */
  | readonly ['own', path: string]
  /** Wherever the caller holds a role. */
  | readonly ['anywhere', path: string]
  /** The caller's own, and for those roles everybody's. */
  | readonly ['personal', path: string, roles: string]
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

  vendCredential: ['home', '/tools/home/target/access', 'ACCESS_TOOL_UNKNOWN'],
  validateAccessToTool: ['home', '/tools/home/target/validate-access', 'ACCESS_TOOL_UNKNOWN'],
  validateToolAccess: ['home', '/tools/home/target/access/validate', 'ACCESS_TOOL_UNKNOWN'],
  giveUpCredential: ['home', '/tools/home/target/access', 'ACCESS_TOOL_UNKNOWN'],
  revokeCredentialsOfTool: ['home', '/tools/home/target/credentials', 'ACCESS_TOOL_UNKNOWN'],
  validateCredential: ['listed', '/credentials/validate'],
  listCredentials: ['personal', '/credentials', 'admin auditor'],
  getCredential: ['home', '/credentials/{credential}', 'CREDENTIAL_UNKNOWN'],
  revokeCredential: ['home', '/credentials/{credential}', 'CREDENTIAL_UNKNOWN'],
  listCredentialsOfAgent: ['home', '/agents/home/target/credentials', 'AGENT_UNKNOWN'],
  revokeCredentialsOfAgent: ['home', '/agents/home/target/credentials', 'AGENT_UNKNOWN'],

  requestAccess: ['home', '/tools/home/target/access/requests', 'ACCESS_TOOL_UNKNOWN'],
  listAccessRequests: ['personal', '/access/requests', 'admin policy_admin auditor'],
  getAccessRequest: ['home', '/access/requests/{accessRequest}', 'ACCESS_REQUEST_UNKNOWN'],
  approveAccessRequest: ['home', '/access/requests/{accessRequest}/approve', 'ACCESS_REQUEST_UNKNOWN'],
  rejectAccessRequest: ['home', '/access/requests/{accessRequest}/reject', 'ACCESS_REQUEST_UNKNOWN'],
  cancelAccessRequest: ['home', '/access/requests/{accessRequest}/cancel', 'ACCESS_REQUEST_UNKNOWN'],

  openAccessReview: ['home', '/namespaces/home/access-reviews', 'REVIEW_UNKNOWN'],
  listAccessReviews: ['listed', '/access-reviews'],
  listAccessReviewsOfUser: ['global', '/users/{user}/access-reviews', 'USER_UNKNOWN'],
  getAccessReview: ['home', '/access-reviews/{accessReview}', 'REVIEW_UNKNOWN'],
  listAccessReviewLines: ['home', '/access-reviews/{accessReview}/lines', 'REVIEW_UNKNOWN'],
  decideAccessReviewLine: ['home', '/access-reviews/{accessReview}/lines/1/decide', 'REVIEW_UNKNOWN'],
  closeAccessReview: ['home', '/access-reviews/{accessReview}/close', 'REVIEW_UNKNOWN'],
  reportAccessReview: ['home', '/access-reviews/{accessReview}/report', 'REVIEW_UNKNOWN'],

  createInvitation: ['everywhere', '/invitations'],
  register: ['public', '/register'],
  issueToken: ['public', '/token'],

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

  listLimits: ['listed', '/limits'],
  getLimit: ['home', '/limits/home/target', 'LIMIT_UNKNOWN'],
  putLimit: ['home', '/limits/home/target', 'LIMIT_UNKNOWN'],
  deleteLimit: ['home', '/limits/home/target', 'LIMIT_UNKNOWN'],

  listSecrets: ['listed', '/secrets'],
  getSecret: ['home', '/secrets/home/target', 'SECRET_UNKNOWN'],
  putSecret: ['home', '/secrets/home/target', 'SECRET_UNKNOWN'],
  rotateSecret: ['home', '/secrets/home/target/rotate', 'SECRET_UNKNOWN'],
  disableSecret: ['home', '/secrets/home/target/disable', 'SECRET_UNKNOWN'],
  enableSecret: ['home', '/secrets/home/target/enable', 'SECRET_UNKNOWN'],
  deleteSecret: ['home', '/secrets/home/target', 'SECRET_UNKNOWN'],
  listPolicies: ['listed', '/policies'],
  getPolicy: ['home', '/policies/home/target', 'POLICY_UNKNOWN'],
  createPolicy: ['home', '/policies/home/made', 'POLICY_UNKNOWN'],
  changePolicy: ['home', '/policies/home/target', 'POLICY_UNKNOWN'],
  deletePolicy: ['home', '/policies/home/target', 'POLICY_UNKNOWN'],
  validatePolicy: ['home', '/namespaces/home/policies/validate', 'POLICY_UNKNOWN'],
  listPolicyVersions: ['home', '/policies/home/target/versions', 'POLICY_UNKNOWN'],
  getPolicyVersion: ['home', '/policies/home/target/versions/1', 'POLICY_UNKNOWN'],
  restorePolicyVersion: ['home', '/policies/home/target/versions/1/restore', 'POLICY_UNKNOWN'],
  listPoliciesOfTool: ['home', '/tools/home/target/policies', 'POLICY_UNKNOWN'],

  listSigningKeys: ['everywhere', '/signing-keys'],
  prepareSigningKey: ['everywhere', '/signing-keys/prepare'],
  activateSigningKey: ['everywhere', '/signing-keys/activate'],
  retireSigningKey: ['everywhere', '/signing-keys/retire'],

  listTokenSessions: ['everywhere', '/token-sessions'],
  getTokenSession: ['global', '/token-sessions/{tokenSession}', 'TOKEN_SESSION_UNKNOWN'],
  endTokenSession: ['global', '/token-sessions/{tokenSession}', 'TOKEN_SESSION_UNKNOWN'],
  endTokenSessions: ['everywhere', '/token-sessions/end'],
  listTokenSessionsOfUser: ['global', '/users/{user}/token-sessions', 'USER_UNKNOWN'],
  endTokenSessionsOfUser: ['global', '/users/{user}/token-sessions', 'USER_UNKNOWN'],

  listOAuthClients: ['everywhere', '/oauth-clients'],
  getOAuthClient: ['everywhere', '/oauth-clients/{client}'],
  deleteOAuthClient: ['everywhere', '/oauth-clients/{client}'],
  blockOAuthClient: ['everywhere', '/oauth-clients/block'],
  unblockOAuthClient: ['everywhere', '/oauth-clients/unblock'],

  listGrants: ['everywhere', '/grants'],
  revokeGrant: ['global', '/grants/{grant}', 'GRANT_UNKNOWN'],
  listGrantsOfUser: ['global', '/users/{user}/grants', 'USER_UNKNOWN'],
  revokeGrantsOfUser: ['global', '/users/{user}/grants', 'USER_UNKNOWN'],

  listTools: ['listed', '/tools'],
  getTool: ['home', '/tools/home/target', 'REGISTERED_TOOL_UNKNOWN'],
  registerTool: ['home', '/tools/home/target', 'REGISTERED_TOOL_UNKNOWN'],
  updateTool: ['home', '/tools/home/target', 'REGISTERED_TOOL_UNKNOWN'],
  changeTool: ['home', '/tools/home/target', 'REGISTERED_TOOL_UNKNOWN'],
  deleteTool: ['home', '/tools/home/target', 'REGISTERED_TOOL_UNKNOWN'],
  lintTool: ['home', '/tools/home/target/lint', 'REGISTERED_TOOL_UNKNOWN'],
  listToolRevisions: ['home', '/tools/home/registered/revisions', 'REGISTERED_TOOL_UNKNOWN'],
  restoreTool: ['home', '/tools/home/target/restore', 'REGISTERED_TOOL_UNKNOWN'],
  readOperations: ['home', '/namespaces/home/tool-operations', 'REGISTERED_TOOL_UNKNOWN'],
  getToolPin: ['home', '/tools/home/target/pin', 'REGISTERED_TOOL_UNKNOWN'],
  approveTool: ['home', '/tools/home/target/pin/approve', 'REGISTERED_TOOL_UNKNOWN'],
  rejectTool: ['home', '/tools/home/target/pin/reject', 'REGISTERED_TOOL_UNKNOWN'],
  quarantineTool: ['home', '/tools/home/target/quarantine', 'REGISTERED_TOOL_UNKNOWN'],

  listKeyWrappers: ['everywhere', '/data-keys/wrappers'],
  rotateDataKey: ['everywhere', '/data-keys/namespaces/home/rotate'],
  rewrapDataKeys: ['everywhere', '/data-keys/rewrap'],
  eraseSubject: ['everywhere', '/subjects/nobody/erase'],

  searchTools: ['own', '/tools/search'],

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

  listApprovals: ['listed', '/approvals'],
  listApprovalsOfUser: ['global', '/users/{user}/approvals', 'USER_UNKNOWN'],
  getApproval: ['home', '/approvals/{approval}', 'APPROVAL_UNKNOWN'],
  approveApproval: ['home', '/approvals/{approval}/approve', 'APPROVAL_UNKNOWN'],
  refuseApproval: ['home', '/approvals/{approval}/refuse', 'APPROVAL_UNKNOWN'],
  cancelApproval: ['home', '/approvals/{approval}/cancel', 'APPROVAL_UNKNOWN'],
  explainDecision: ['anywhere', '/policies/explain'],
  whoMay: ['anywhere', '/policies/who'],
  simulatePolicies: ['listed', '/policies/simulate'],
  advisePolicies: ['listed', '/policies/advise'],
  getPolicyShadow: ['home', '/policies/home/target/shadow', 'POLICY_NOT_WATCHED'],
  validateAccess: ['anywhere', '/access/validate?tool_id=home/target'],
  getStatistics: ['listed', '/statistics'],
  listAlerts: ['listed', '/alerts'],
  getAlert: ['home', '/alerts/{alert}', 'ALERT_UNKNOWN'],
  acknowledgeAlert: ['home', '/alerts/{alert}/acknowledge', 'ALERT_UNKNOWN'],
  listContainments: ['listed', '/containments'],
  getContainment: ['home', '/containments/{containment}', 'CONTAINMENT_UNKNOWN'],
  contain: ['home', '/namespaces/home/containments', 'CONTAINMENT_UNKNOWN'],
  releaseContainment: ['home', '/containments/{containment}/release', 'CONTAINMENT_UNKNOWN'],
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
