import { ID_JAG_TOKEN_TYPE, type OutgoingAuthOf } from '#contract';
import { reveal } from '#kernel';
import type { OutgoingAuth } from '../outgoing-auth.ts';
import { heldClient, type OutgoingAuthParts } from '../parts.ts';
import { TokenEndpoint } from '../tokens/token-endpoint.ts';
import { PerCallerToken } from './per-caller-token.ts';
import { TOKEN_EXCHANGE } from './token-exchange.ts';

/**
 * Identity Assertion JWT Authorization Grant (draft-ietf-oauth-identity-assertion-authz-grant; the extension
 * Enterprise-Managed Authorization of MCP). The identity provider of the company says who the person is, to the
 * authorization server of the destination and to nobody else (RFC 8693); that one gives its own token for it
 * (RFC 7523 §2.1). The assertion is used once and not kept.
 */
export function idJag(config: OutgoingAuthOf<'idJag'>, parts: OutgoingAuthParts): OutgoingAuth {
  const { target, audience, resource, scopes } = config;
  const provider = new TokenEndpoint(config.tokenUrl, config.clientAuthentication, parts);
  const destination = new TokenEndpoint(target.tokenUrl, target.clientAuthentication, parts);
  const scope = scopes.join(' ');
  return new PerCallerToken(
    { ...config, subject: 'id_token' },
    async ({ accessToken: idToken }) => {
      const wish = new URLSearchParams({
        grant_type: TOKEN_EXCHANGE,
        requested_token_type: ID_JAG_TOKEN_TYPE,
        audience,
        subject_token: reveal(idToken),
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      });
      if (resource !== undefined) wish.set('resource', resource);
      if (scope !== '') wish.set('scope', scope);
      const client = await heldClient(parts.secrets, config.secret);
      const assertion = await provider.ask(wish, client, 'assertion');
      const grant = new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: reveal(assertion.token),
      });
      if (scope !== '') grant.set('scope', scope);
      return await destination.ask(grant, await heldClient(parts.secrets, target.secret));
    },
    parts.clock,
  );
}
