/** What documents of `kind: client` ask of the listener whose clients show certificates. */
import type { OAuthClientDeclaration, ServerSettings } from '#contract';
import { problemAt, type Problem } from './problems.ts';

/** Clients that are known by a certificate, or whose tokens are bound to one, where nobody can show any. */
export function checkClientCertificates(
  clients: readonly OAuthClientDeclaration[],
  server: Pick<ServerSettings, 'agentListener'> | undefined,
): readonly Problem[] {
  if (server?.agentListener !== undefined) return [];
  return clients.flatMap((client) => {
    const field =
      client.tokenEndpointAuthMethod === 'tls_client_auth'
        ? 'tokenEndpointAuthMethod'
        : client.tlsClientCertificateBoundAccessTokens
          ? 'tlsClientCertificateBoundAccessTokens'
          : undefined;
    if (field === undefined) return [];
    const message = 'nobody is asked for a certificate: `kind: server` has no `agentListener`';
    return [
      problemAt(client.locate([field]), 'UNENFORCEABLE', message, 'Give it one, or another way to prove itself.'),
    ];
  });
}
