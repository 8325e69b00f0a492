import type { Adapter } from 'oidc-provider';
import { clientOf, type Artifacts } from '../artifacts/artifacts.ts';
import type { ClientSource } from '../clients/client-source.ts';
import type { Openings } from '../limits/index.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';

export interface AdapterParts {
  readonly artifacts: Artifacts;
  readonly clients: ClientSource;
  readonly sessions: TokenSessions;
  readonly openings: Openings;
  /** Whether clients can show certificates. */
  readonly mutualTls?: unknown;
}

/** What of the request that the provider is answering matters here. */
export interface Answering {
  /** The client, once it is known: what is pushed does not say whose it is. */
  readonly clientId: () => string | undefined;
  /** For what is kept no more of: `temporarily_unavailable`. */
  readonly full: () => Error;
}

const PUSHED = 'PushedAuthorizationRequest';
const TOKENS: ReadonlySet<string> = new Set(['AccessToken', 'ClientCredentials']);

/**
 * oidc-provider's port to storage, one for each of its models. Clients are not its to keep: they come from the
 * configuration, from registration or from the document that their identifier names.
 */
export function adapterFor(model: string, parts: AdapterParts, answering: Answering): Adapter {
  const { artifacts, sessions, openings } = parts;
  if (model === 'Client') return clientAdapter(parts);
  return {
    async upsert(id, payload, expiresIn) {
      if (expiresIn === undefined) throw new Error(`a ${model} without an end is not kept`);
      // Looked for and not found is not enough: of two that come at once each would look first.
      if (model === 'ReplayDetection') return await artifacts.putOnce(model, id, payload, expiresIn);
      const content = model === PUSHED ? { ...payload, clientId: answering.clientId() } : payload;
      const one = { id, clientId: clientOf(content), isKnown: payload.accountId !== undefined, seconds: expiresIn };
      if (!(await openings.admits(model, one))) throw answering.full();
      await artifacts.put(model, id, content, expiresIn);
    },
    find: (id) => artifacts.find(model, id),
    findByUid: (uid) => artifacts.findBy(model, { uid }),
    findByUserCode: (userCode) => artifacts.findBy(model, { userCode }),
    consume: (id) => artifacts.consume(model, id),
    async destroy(id) {
      // With the grant ends the token session, which has its id, and all that was issued under it.
      if (model === 'Grant') await sessions.end({ id }, 'revoked');
      // What was verified of a token is remembered, and one without a session of its own ends by itself.
      await artifacts.delete(model, id, TOKENS.has(model) ? () => sessions.forget() : undefined);
    },
    revokeByGrantId: (grantId) => artifacts.deleteOfGrant(grantId, model),
  };
}

function clientAdapter({ clients, mutualTls }: AdapterParts): Adapter {
  const notHere = (): never => {
    throw new Error('clients are not written through the provider');
  };
  return {
    async find(id) {
      const metadata = await clients.findClient(id);
      if (metadata === undefined) return undefined;
      // Its tokens would be bound to nothing, and it believes that they are.
      if (metadata['tls_client_certificate_bound_access_tokens'] === true && mutualTls === undefined) return undefined;
      // Scopes belong to resources, which the provider does not know here; `configuration.ts` holds clients to theirs.
      const { scope: _, ...rest } = metadata;
      return rest;
    },
    upsert: notHere,
    findByUid: notHere,
    findByUserCode: notHere,
    consume: notHere,
    destroy: notHere,
    revokeByGrantId: notHere,
  };
}
