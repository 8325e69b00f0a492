import type { OutgoingAuthOf } from '#contract';
import { reveal } from '#kernel';
import type { OutgoingAuth } from '../outgoing-auth.ts';
import { heldClient, type OutgoingAuthParts } from '../parts.ts';
import { TokenEndpoint } from '../tokens/token-endpoint.ts';
import { PerCallerToken } from './per-caller-token.ts';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** A token of somebody else's authorization server for the caller's token at an identity provider (RFC 8693). */
export function tokenExchange(config: OutgoingAuthOf<'tokenExchange'>, parts: OutgoingAuthParts): OutgoingAuth {
  const endpoint = new TokenEndpoint(config.tokenUrl, config.clientAuthentication, parts);
  const { scopes, audience, resource, subject = 'access_token' } = config;
  return new PerCallerToken(
    { ...config, subject: subject === 'id_token' ? subject : undefined },
    async ({ accessToken }) => {
      const form = new URLSearchParams({
        grant_type: TOKEN_EXCHANGE,
        subject_token: reveal(accessToken),
        subject_token_type: `urn:ietf:params:oauth:token-type:${subject}`,
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
      if (audience !== undefined) form.set('audience', audience);
      if (resource !== undefined) form.set('resource', resource);
      if (scopes.length > 0) form.set('scope', scopes.join(' '));
      return await endpoint.ask(form, await heldClient(parts.secrets, config.secret));
    },
    parts.clock,
  );
}
