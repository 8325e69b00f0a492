import { AGENT_CLIENT_PREFIX, publicJwks } from '#contract';
import type { Agent } from '#identity';
import type { AgentName, OAuthClient } from './client.ts';

/** The agent that a `client_id` names; undefined where it names none. */
export function agentOfClientId(clientId: string): AgentName | undefined {
  if (!clientId.startsWith(AGENT_CLIENT_PREFIX)) return undefined;
  const [namespace = '', name = '', ...rest] = clientId.slice(AGENT_CLIENT_PREFIX.length).split('/');
  return namespace === '' || name === '' || rest.length > 0 ? undefined : { namespace, name };
}

/** The `client_id` of an agent. */
export const clientIdOfAgent = ({ namespace, name }: AgentName): string => `${AGENT_CLIENT_PREFIX}${namespace}/${name}`;

/**
 * An agent of identity as a client: it proves itself with the keys that identity knows it by (RFC 7523 §2.2),
 * and acts for itself alone. Undefined for one without keys: nothing could prove that it is there.
 */
export function agentClient(agent: Agent): OAuthClient | undefined {
  const jwks = agent.jwks === null ? undefined : publicJwks.safeParse(JSON.parse(agent.jwks));
  if (jwks?.success === false || (jwks === undefined && agent.jwksUri === null)) return undefined;
  const { namespace, name } = agent;
  return {
    clientId: clientIdOfAgent(agent),
    origin: 'agent',
    name,
    applicationType: 'web',
    redirectUris: [],
    postLogoutRedirectUris: [],
    introspects: [],
    grants: ['client_credentials'],
    authMethod: 'private_key_jwt',
    secretHash: undefined,
    jwks: jwks?.data,
    jwksUri: agent.jwksUri ?? undefined,
    certificate: undefined,
    audiences: undefined,
    scopes: undefined,
    signInOnly: false,
    firstParty: false,
    agent: { namespace, name },
    dpopBoundAccessTokens: false,
    certificateBoundAccessTokens: false,
    requirePushedAuthorizationRequests: false,
    clientUri: undefined,
    issuedAt: undefined,
  };
}
