import { COMMAND_LINE_CLIENT_ID, oauthClientSchema, type OAuthClientCommon } from '#contract';
import type { DeclaredClients } from './declared-clients.ts';

/**
 * The command line as a client of the server that it administers: public, since it runs on people's machines; let
 * in by a code that its person confirms (RFC 8628); for the administrative API and nothing else.
 */
export const commandLineClient = (issuer: URL): OAuthClientCommon => ({
  ...oauthClientSchema.parse({
    kind: 'client',
    name: 'command-line',
    clientId: 'command-line',
    displayName: 'Chatelaine on the command line',
    grantTypes: ['device_code', 'refresh_token'],
    audiences: [`${issuer.origin}/api/v1`],
  }),
  clientId: COMMAND_LINE_CLIENT_ID,
});

/** The clients of the configuration, and those that every server has. */
export function withBuiltIn(declared: DeclaredClients, issuer: URL): DeclaredClients {
  const builtIn = commandLineClient(issuer);
  return () => [builtIn, ...declared()];
}
