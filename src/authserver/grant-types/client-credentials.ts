import type { ClientCredentials, errors as providerErrors } from 'oidc-provider';
import type { AgentStandings } from '#identity';
import type { ClientSource } from '../clients/client-source.ts';
import { standsOn } from './token-basis.ts';

/**
 * Whom a token of the grant `client_credentials` (RFC 6749 §4.4) stands for: the agent that the client is. A client
 * that is nobody's gets none, and none is issued that would be good everywhere or nowhere (RFC 8707 §2).
 *
 * Throws `unauthorized_client` and `invalid_target`, and as the database does.
 */
export async function standsOnAgent(
  token: ClientCredentials,
  { clients, agents }: { readonly clients: Pick<ClientSource, 'find'>; readonly agents: AgentStandings },
  errors: typeof providerErrors,
): Promise<void> {
  if (token.aud === undefined)
    throw new errors.InvalidTarget('the request names no `resource`, and the client has no sole audience');
  const client = token.clientId === undefined ? undefined : await clients.find(token.clientId);
  if (client?.agent === undefined)
    throw new errors.UnauthorizedClient(
      'the client is no agent, so its tokens would open nothing: whoever runs this server says `agent:` where it is declared',
    );
  const standing = await agents.named(client.agent.namespace, client.agent.name);
  if (standing === undefined)
    throw new errors.UnauthorizedClient('the agent that the client is does not exist, or is disabled');
  const { id, namespace, name } = standing.agent;
  standsOn(token, { of: 'agent', agent: { id, namespace, name } });
}
