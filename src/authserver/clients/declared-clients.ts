import type { OAuthClientCommon, SecretReader } from '#contract';
import { reveal, Secret } from '#kernel';
import { applicationTypeOf, hashSecret, type OAuthClient } from './client.ts';

/** The `kind: client` documents as they are now; asked at each look-up, since a reload replaces them. */
export type DeclaredClients = () => readonly OAuthClientCommon[];

/** A client as its document has it. A secret of the vault is read at each use, so that its rotation holds at once. */
export async function declaredClient(document: OAuthClientCommon, secrets: SecretReader): Promise<OAuthClient> {
  const { redirectUris, clientSecret } = document;
  const secret = clientSecret === undefined || clientSecret instanceof Secret ? clientSecret : await read();
  return {
    clientId: document.clientId,
    origin: 'declared',
    name: document.displayName ?? document.name,
    applicationType: applicationTypeOf(redirectUris),
    redirectUris,
    postLogoutRedirectUris: document.postLogoutRedirectUris,
    grants: document.grantTypes,
    authMethod: document.tokenEndpointAuthMethod,
    secretHash: secret && hashSecret(reveal(secret)),
    jwks: document.jwks,
    jwksUri: document.jwksUri,
    certificate: document.certificate,
    audiences: document.audiences,
    scopes: document.scopes,
    introspects: document.introspects,
    signInOnly: document.signInOnly,
    firstParty: document.firstParty,
    agent: document.agent === undefined ? undefined : { namespace: document.namespace, name: document.agent },
    mayDelegateTo: document.mayDelegateTo,
    dpopBoundAccessTokens: document.dpopBoundAccessTokens,
    certificateBoundAccessTokens: document.tlsClientCertificateBoundAccessTokens,
    requirePushedAuthorizationRequests: document.requirePushedAuthorizationRequests,
    clientUri: undefined,
    issuedAt: undefined,
  };

  async function read(): Promise<Secret> {
    const reference = clientSecret as Exclude<typeof clientSecret, Secret | undefined>;
    const { namespace, clientId } = document;
    const { material } = await secrets.read(reference, {
      namespace,
      by: `client \`${clientId}\``,
      connection: `client ${clientId}`,
    });
    switch (material.kind) {
      case 'password':
      case 'basic':
        return material.password;
      case 'oauth-client':
        return material.clientSecret;
      case 'api-key':
        return material.key;
      case 'bearer':
        return material.token;
      default:
        throw new Error(`a secret of the kind \`${material.kind}\` holds no client secret`);
    }
  }
}
