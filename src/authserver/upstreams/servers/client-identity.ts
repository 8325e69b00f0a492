import type { EgressClient } from '#egress';
import type { ProtectedServer } from '#contract';
import { parseMetadataUrl } from '../../clients/metadata-url.ts';
import { upstreamError } from '../errors.ts';
import type { UpstreamClient } from '../upstream.ts';
import { documentUrlOf, ourClient } from './client-document.ts';
import type { Discovered } from './discovery.ts';
import type { RegisteredClients } from './registered-clients.ts';
import { methodsOf, register } from './registration.ts';

/** Who we are at one authorization server. */
export interface ClientIdentity {
  readonly client: UpstreamClient;
  /** We registered ourselves: what the server does not know any more is registered anew. */
  readonly isRegistered: boolean;
}

export interface IdentityParts {
  readonly name: string;
  readonly server: ProtectedServer;
  readonly publicUrl: URL;
  readonly clients: RegisteredClients;
  readonly egress: Pick<EgressClient, 'request'>;
}

/**
 * The client that we are there, in the order of MCP authorization 2026-07-28: the one that somebody registered for
 * us; the one that a document of ours describes, where such documents are taken; one that we register, which is
 * deprecated and what servers of before 2026 have. Registered clients are an issuer's, and shown to no other.
 */
export async function clientIdentity(
  parts: IdentityParts,
  { authorizationServer }: Discovered,
): Promise<ClientIdentity> {
  const { name, server, publicUrl, clients, egress } = parts;
  const { clientId, clientSecret, privateKey, keyId, clientMetadataUrl } = server.auth;
  if (clientId !== undefined) {
    const isPublic = clientSecret === undefined && privateKey === undefined;
    const authentication = isPublic ? 'none' : undefined;
    return { client: { id: clientId, secret: clientSecret, privateKey, keyId, authentication }, isRegistered: false };
  }
  const document = clientMetadataUrl ?? publishedAt(publicUrl, name);
  if (authorizationServer.client_id_metadata_document_supported === true && document !== undefined)
    return { client: { id: document, authentication: 'none' }, isRegistered: false };
  const { registration_endpoint: endpoint, issuer } = authorizationServer;
  if (endpoint === undefined)
    throw upstreamError(
      'UPSTREAM_NO_CLIENT',
      `the authorization server \`${issuer}\` of the MCP server \`${server.name}\` neither takes a metadata document of ours nor lets us register`,
    );
  const ours = ourClient(publicUrl, name);
  const {
    clientId: id,
    secret,
    method,
  } = await clients.require({ upstream: name, issuer }, ours.redirect_uris[0], () =>
    register({ name, endpoint, methods: methodsOf(authorizationServer) }, ours, egress),
  );
  return { client: { id, secret, authentication: method }, isRegistered: true };
}

/** Where others can read our document; undefined for a server without https, whose address is no `client_id`. */
function publishedAt(publicUrl: URL, name: string): string | undefined {
  const { href } = documentUrlOf(publicUrl, name);
  return parseMetadataUrl(href).ok ? href : undefined;
}
