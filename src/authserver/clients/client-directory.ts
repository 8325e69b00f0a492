import type { SecretReader } from '#contract';
import type { Database } from '#db';
import type { AgentStandings } from '#identity';
import type { Clock } from '#kernel';
import { isBlocked } from '../store/client-blocks-store.ts';
import { findClient, noteClientUse } from '../store/clients-store.ts';
import { agentClient, agentOfClientId } from './agent-client.ts';
import type { OAuthClient } from './client.ts';
import { declaredClient, type DeclaredClients } from './declared-clients.ts';
import type { DocumentResolver } from './document-resolver.ts';
import { looksLikeMetadataUrl } from './metadata-url.ts';
import { providerMetadata, type ProviderMetadata } from './provider-metadata.ts';
import {
  dynamicClient,
  isDynamicClientId,
  isExpired,
  REGISTRATION_SETTINGS,
  type RegistrationSettings,
} from './registration-rules.ts';

export interface ClientDirectoryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly declared: DeclaredClients;
  /** For secrets of declared clients that lie in the vault. */
  readonly secrets: SecretReader;
  /** Clients that registered themselves; undefined where none may, and those that did count no more. */
  readonly registration?: RegistrationSettings | undefined;
  /** Clients of metadata documents; undefined where there are none. */
  readonly documents?: Pick<DocumentResolver, 'resolve'> | undefined;
  /** Agents of identity; none of them is a client without it. */
  readonly agents?: Pick<AgentStandings, 'named'> | undefined;
}

/** How often the use of a client is written down. */
const USE_NOTED_EVERY_MS = 3_600_000;
const LONGEST_CLIENT_ID = 2048;

/**
 * Who a `client_id` is. Its form says where to look, and nowhere else is looked: `https://…` is a document,
 * `dyn_…` a registration, `agent:…` an agent, every other one a declaration; so nobody can register as somebody
 * else.
 */
export class ClientDirectory {
  readonly #parts: ClientDirectoryParts;

  constructor(parts: ClientDirectoryParts) {
    this.#parts = parts;
  }

  /** The client; undefined where there is none, or it is blocked. Throws as the database and the vault do. */
  async find(clientId: string): Promise<OAuthClient | undefined> {
    const { database, clock, declared, secrets, registration, documents, agents } = this.#parts;
    if (clientId.length > LONGEST_CLIENT_ID) return undefined;
    if (await isBlocked(database.db, clientId)) return undefined;
    if (looksLikeMetadataUrl(clientId)) {
      const resolved = await documents?.resolve(clientId);
      return resolved?.ok === true ? resolved.value : undefined;
    }
    if (isDynamicClientId(clientId)) {
      const stored = registration && (await findClient(database.db, clientId));
      if (stored === undefined || isExpired(stored, clock.now(), registration ?? REGISTRATION_SETTINGS))
        return undefined;
      return dynamicClient(stored);
    }
    const named = agentOfClientId(clientId);
    if (named !== undefined) {
      const standing = await agents?.named(named.namespace, named.name);
      return standing && agentClient(standing.agent);
    }
    const document = declared().find((one) => one.clientId === clientId);
    return document && (await declaredClient(document, secrets));
  }

  /** The same for the adapter of oidc-provider. */
  async findClient(clientId: string): Promise<ProviderMetadata | undefined> {
    const client = await this.find(clientId);
    return client && providerMetadata(client);
  }

  /** Why there is no such client, where its own developer can do something about it: for the page that says so. */
  async refusalOf(clientId: string): Promise<string | undefined> {
    if (!looksLikeMetadataUrl(clientId) || clientId.length > LONGEST_CLIENT_ID) return undefined;
    const resolved = await this.#parts.documents?.resolve(clientId);
    return resolved?.ok === false ? resolved.error : undefined;
  }

  /** It was given a token: a registration that is used does not expire. To be called after a person consented. */
  async used(clientId: string): Promise<void> {
    const { database, clock } = this.#parts;
    if (!isDynamicClientId(clientId)) return;
    await noteClientUse(database.db, clientId, clock.now(), USE_NOTED_EVERY_MS);
  }
}
