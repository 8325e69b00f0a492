import type { Adapter } from 'oidc-provider';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { ClientSource } from '../clients/client-source.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';

export interface AdapterParts {
  readonly artifacts: Artifacts;
  readonly clients: ClientSource;
  readonly sessions: TokenSessions;
}

/**
 * oidc-provider's port to storage, one for each of its models. Clients are not its to keep: they come from the
 * configuration, from registration or from the document that their identifier names.
 */
export function adapterFor(model: string, parts: AdapterParts): Adapter {
  const { artifacts, clients, sessions } = parts;
  if (model === 'Client') return clientAdapter(clients);
  return {
    async upsert(id, payload, expiresIn) {
      if (expiresIn === undefined) throw new Error(`a ${model} without an end is not kept`);
      await artifacts.put(model, id, payload, expiresIn);
    },
    find: (id) => artifacts.find(model, id),
    findByUid: (uid) => artifacts.findBy(model, { uid }),
    findByUserCode: (userCode) => artifacts.findBy(model, { userCode }),
    consume: (id) => artifacts.consume(model, id),
    async destroy(id) {
      // With the grant ends the token session, which has its id, and all that was issued under it.
      if (model === 'Grant') await sessions.end({ id }, 'revoked');
      await artifacts.delete(model, id);
    },
    revokeByGrantId: (grantId) => artifacts.deleteOfGrant(grantId, model),
  };
}

function clientAdapter(clients: ClientSource): Adapter {
  const notHere = (): never => {
    throw new Error('clients are not written through the provider');
  };
  return {
    async find(id) {
      const metadata = await clients.findClient(id);
      if (metadata === undefined) return undefined;
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
