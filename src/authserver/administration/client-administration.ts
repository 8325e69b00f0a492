import { COMMAND_LINE_CLIENT_ID, EVERYWHERE } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Author, ChangeFrame } from '#identity';
import type { ClientOrigin as AnyOrigin } from '../clients/client.ts';
import type { DeclaredClients } from '../clients/declared-clients.ts';
import { parseMetadataUrl } from '../clients/metadata-url.ts';
import {
  isDynamicClientId,
  isExpired,
  REGISTRATION_SETTINGS,
  type RegistrationSettings,
} from '../clients/registration-rules.ts';
import { clientsSeen, countTokenSessions } from '../store/administration-store.ts';
import { blockClient, findBlocks, unblockClient } from '../store/client-blocks-store.ts';
import { findClient, pageOfClients, removeClient, type StoredClient } from '../store/clients-store.ts';
import { endOfClient } from '../token-sessions/end-of-client.ts';
import { administrationError, unknownClient } from './errors.ts';

/** A client as administrators see it. Of one with a document that is what people saw of it: nothing is fetched. */
export interface KnownClient {
  readonly clientId: string;
  readonly origin: ClientOrigin;
  readonly name: string | undefined;
  readonly redirectUris: readonly string[];
  readonly grants: readonly string[];
  readonly authMethod: string | undefined;
  readonly createdAt: number | undefined;
  readonly lastUsedAt: number | undefined;
  /** `expired`: it registered and never got a token. */
  readonly state: 'active' | 'blocked' | 'expired';
  readonly blockedAt: number | undefined;
  /** How many token sessions of it go on. */
  readonly sessions: number;
}

type Found = Omit<KnownClient, 'state' | 'blockedAt' | 'sessions'> & { readonly expired?: boolean };

/** Behind which client a page of them begins. */
export interface ClientPosition {
  readonly origin: ClientOrigin;
  readonly clientId: string;
}

/** First those that the configuration vouches for, then those of documents, then those that registered. */
/** Agents that are clients are kept as agents. */
type ClientOrigin = Exclude<AnyOrigin, 'agent'>;

const ORDER: readonly ClientOrigin[] = ['declared', 'document', 'dynamic'];

/**
 * OAuth clients from wherever they come, and what an administrator does about one: delete its registration, or
 * block it, which holds whatever it says of itself and however it comes back.
 */
export class ClientAdministration {
  readonly #frame: ChangeFrame;
  readonly #declared: DeclaredClients;
  readonly #registration: RegistrationSettings;

  constructor(parts: {
    readonly frame: ChangeFrame;
    readonly declared: DeclaredClients;
    readonly registration?: RegistrationSettings | undefined;
  }) {
    this.#frame = parts.frame;
    this.#declared = parts.declared;
    this.#registration = parts.registration ?? REGISTRATION_SETTINGS;
  }

  /** A page of all clients, and one more where there is one. */
  async page(after: ClientPosition | undefined, limit: number): Promise<readonly KnownClient[]> {
    const { db } = this.#frame.database;
    const found: Found[] = [];
    for (const origin of ORDER.slice(after === undefined ? 0 : ORDER.indexOf(after.origin))) {
      const behind = origin === after?.origin ? after.clientId : '';
      if (found.length <= limit) found.push(...(await this.#of(origin, db, behind, limit + 1 - found.length)));
    }
    return await this.#withState(found);
  }

  /** The client. Throws `OAUTH_CLIENT_UNKNOWN`. */
  async show(clientId: string): Promise<KnownClient> {
    const found = await this.#find(this.#frame.database.db, clientId);
    if (found === undefined) throw unknownClient(clientId);
    return await this.#state(found);
  }

  /**
   * Deletes a registration, with all that was issued to the client and what people allowed it; its identifier is
   * never given out again. Throws `OAUTH_CLIENT_UNKNOWN`, `OAUTH_CLIENT_NOT_REGISTERED`.
   */
  async delete(by: Author, clientId: string): Promise<void> {
    await this.#frame.inTransaction(by, changeOf('client.deleted', 'delete', clientId), async (trx) => {
      this.#frame.check(by, 'oauth-client.delete', { namespace: EVERYWHERE, missing: () => unknownClient(clientId) });
      const found = await this.#find(trx, clientId);
      if (found === undefined) throw unknownClient(clientId);
      if (found.origin !== 'dynamic' || !(await removeClient(trx, clientId)))
        throw administrationError(
          'OAUTH_CLIENT_NOT_REGISTERED',
          `the client \`${clientId.slice(0, 200)}\` did not register itself`,
        );
      const ended = await endOfClient(trx, clientId, {
        now: this.#frame.clock.now(),
        because: 'client deleted',
        consents: true,
      });
      return {
        value: undefined,
        objectId: idOf(clientId),
        details: { ended },
        ends: [{ what: 'client.deleted', id: clientId }],
      };
    });
  }

  /**
   * Blocks a client and ends all that was issued to it. One that publishes a document can be blocked before it
   * was ever seen. Throws `OAUTH_CLIENT_UNKNOWN`, `OAUTH_CLIENT_BUILT_IN`.
   */
  async block(by: Author, clientId: string): Promise<KnownClient> {
    const blocked = await this.#frame.inTransaction(by, changeOf('client.blocked', 'block', clientId), async (trx) => {
      this.#frame.check(by, 'oauth-client.block', { namespace: EVERYWHERE, missing: () => unknownClient(clientId) });
      if (clientId === COMMAND_LINE_CLIENT_ID)
        throw administrationError('OAUTH_CLIENT_BUILT_IN', `\`${clientId}\` cannot be blocked`);
      const found = await this.#find(trx, clientId);
      if (found === undefined && !parseMetadataUrl(clientId).ok) throw unknownClient(clientId);
      const now = this.#frame.clock.now();
      const changed = await blockClient(trx, clientId, now);
      const ended = await endOfClient(trx, clientId, { now, because: 'client blocked', consents: false });
      return {
        value: found ?? nameless(clientId, 'document'),
        objectId: idOf(clientId),
        details: { changed, ended },
        ends: [{ what: 'client.disabled', id: clientId }],
      };
    });
    return await this.#state(blocked);
  }

  /** Lets a blocked client ask again; what ended stays ended. Throws `OAUTH_CLIENT_UNKNOWN`. */
  async unblock(by: Author, clientId: string): Promise<KnownClient> {
    const unblocked = await this.#frame.inTransaction(
      by,
      changeOf('client.unblocked', 'unblock', clientId),
      async (trx) => {
        this.#frame.check(by, 'oauth-client.unblock', {
          namespace: EVERYWHERE,
          missing: () => unknownClient(clientId),
        });
        const found = await this.#find(trx, clientId);
        if (found === undefined) throw unknownClient(clientId);
        const changed = await unblockClient(trx, clientId);
        return {
          value: found,
          objectId: idOf(clientId),
          details: { changed },
          resumes: [{ what: 'client.enabled', id: clientId }],
        };
      },
    );
    return await this.#state(unblocked);
  }

  async #of(origin: ClientOrigin, db: DatabaseOrTransaction, behind: string, limit: number): Promise<readonly Found[]> {
    if (limit <= 0) return [];
    if (origin === 'dynamic')
      return (await pageOfClients(db, { after: behind, limit })).map((stored) => this.#registered(stored));
    const all = origin === 'declared' ? this.#declaredClients() : await this.#documents(db);
    return all
      .filter(({ clientId }) => clientId > behind)
      .toSorted((left, right) => (left.clientId < right.clientId ? -1 : 1))
      .slice(0, limit);
  }

  async #find(db: DatabaseOrTransaction, clientId: string): Promise<Found | undefined> {
    if (isDynamicClientId(clientId)) {
      const stored = await findClient(db, clientId);
      return stored && this.#registered(stored);
    }
    const declared = this.#declaredClients().find((one) => one.clientId === clientId);
    if (declared !== undefined) return declared;
    const origin = parseMetadataUrl(clientId).ok ? 'document' : 'declared';
    const [seen] = origin === 'document' ? await clientsSeen(db, clientId) : [];
    if (seen !== undefined) return documentClient(seen);
    // Blocked before it was seen, or while the configuration had it: it can be looked at and let in again.
    return (await findBlocks(db, [clientId])).has(clientId) ? nameless(clientId, origin) : undefined;
  }

  #declaredClients(): readonly Found[] {
    return this.#declared().map((document) => ({
      clientId: document.clientId,
      origin: 'declared',
      name: document.displayName ?? document.name,
      redirectUris: document.redirectUris,
      grants: document.grantTypes,
      authMethod: document.tokenEndpointAuthMethod,
      createdAt: undefined,
      lastUsedAt: undefined,
    }));
  }

  async #documents(db: DatabaseOrTransaction): Promise<readonly Found[]> {
    const seen = (await clientsSeen(db)).map(documentClient);
    const blocked = [...(await findBlocks(db)).keys()].filter((id) => parseMetadataUrl(id).ok);
    const unseen = blocked.filter((id) => !seen.some(({ clientId }) => clientId === id));
    return [...seen, ...unseen.map((id) => nameless(id, 'document'))];
  }

  #registered(stored: StoredClient): Found {
    const { clientId, metadata, createdAt, lastUsedAt } = stored;
    return {
      ...{ clientId, createdAt, lastUsedAt, origin: 'dynamic' },
      name: metadata.name,
      redirectUris: metadata.redirectUris,
      grants: metadata.grants,
      authMethod: metadata.authMethod,
      expired: isExpired(stored, this.#frame.clock.now(), this.#registration),
    };
  }

  async #state(found: Found): Promise<KnownClient> {
    return (await this.#withState([found]))[0] as KnownClient;
  }

  async #withState(found: readonly Found[]): Promise<readonly KnownClient[]> {
    const { database, clock } = this.#frame;
    const ids = found.map(({ clientId }) => clientId);
    const [blocks, sessions] = [
      await findBlocks(database.db, ids),
      await countTokenSessions(database.db, ids, clock.now()),
    ];
    return found.map(({ expired, ...client }) => {
      const blockedAt = blocks.get(client.clientId);
      return {
        ...client,
        blockedAt,
        state: blockedAt !== undefined ? 'blocked' : expired === true ? 'expired' : 'active',
        sessions: sessions.get(client.clientId) ?? 0,
      };
    });
  }
}

const nameless = (clientId: string, origin: ClientOrigin): Found => ({
  ...{ clientId, origin, name: undefined, redirectUris: [], grants: [] },
  authMethod: undefined,
  createdAt: undefined,
  lastUsedAt: undefined,
});

const documentClient = (seen: Awaited<ReturnType<typeof clientsSeen>>[number]): Found => ({
  ...nameless(seen.clientId, 'document'),
  name: seen.name,
  createdAt: seen.firstSeenAt,
  lastUsedAt: seen.lastUsedAt,
});

/** As records of clients have it everywhere. */
const idOf = (clientId: string): string => clientId.slice(0, 256);

const changeOf = (type: string, action: string, clientId: string) => ({
  class: 'credential' as const,
  type,
  action,
  object: { kind: 'client', namespace: EVERYWHERE, name: clientId.slice(0, 128) },
});
