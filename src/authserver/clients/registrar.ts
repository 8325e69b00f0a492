import type { AuditOrigin } from '#contract';
import { DYNAMIC_CLIENT_PREFIX } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import { addressBlock, Throttle, type ChangeFrame } from '#identity';
import { ChatelaineError, equalBytes, isRecord, newId, randomToken, reveal, Secret, sha256Hex } from '#kernel';
import {
  countClients,
  deleteClient,
  deleteOldestUnused,
  deleteUnusedBefore,
  findClient,
  insertClient,
  updateClient,
  type StoredClient,
} from '../store/clients-store.ts';
import { endOfClient } from '../token-sessions/end-of-client.ts';
import { hashSecret } from './client.ts';
import type { ClientMetadata } from './client-metadata.ts';
import { clientError } from './errors.ts';
import { registrationResponse } from './provider-metadata.ts';
import {
  EVICTABLE_AFTER_MS,
  isDynamicClientId,
  isExpired,
  readRegistration,
  REGISTRATION_BUDGET,
  REGISTRATION_SETTINGS,
  REGISTRATIONS_BUDGET,
  type RegistrationSettings,
} from './registration-rules.ts';

/** Who registers: nobody that is known, from an address. */
export interface Registrant {
  readonly origin: AuditOrigin;
  /** As the listener saw it; those without one share a count. */
  readonly address: string | undefined;
}

export interface RegistrarParts {
  readonly frame: ChangeFrame;
  readonly settings?: RegistrationSettings;
  /** Where registrations are changed: `https://…/oauth/register`. The client's id is put behind it. */
  readonly endpoint: URL;
}

/** The response of RFC 7591 §3.2.1 or RFC 7592 §3, to be sent as it is. */
export type RegistrationResponse = Readonly<Record<string, unknown>>;

/** Longer ones are not compared with anything. */
const LONGEST_TOKEN = 256;
/** Members of an answer that no update may say (RFC 7592 §2.2). */
const NOT_IN_UPDATES = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

/**
 * Clients that register themselves (RFC 7591) and change what they registered (RFC 7592).
 *
 * Anybody may, so each is counted before it is looked at, in the database: per block of addresses and in all,
 * whatever process it comes to. What is kept is bounded: who never gets a token is forgotten after a day, and
 * where there are too many, the oldest of those go first. Every change is on record before it is answered.
 */
export class ClientRegistrar {
  readonly #frame: ChangeFrame;
  readonly #settings: RegistrationSettings;
  readonly #endpoint: URL;
  readonly #throttle: Throttle;

  constructor(parts: RegistrarParts) {
    this.#frame = parts.frame;
    this.#settings = parts.settings ?? REGISTRATION_SETTINGS;
    this.#endpoint = parts.endpoint;
    this.#throttle = new Throttle(parts.frame);
  }

  /**
   * Registers a client and gives what it is answered with. Throws `CLIENT_REGISTRATION_THROTTLED`,
   * `CLIENT_METADATA_REFUSED` with `details.error`, `CLIENT_REGISTRATIONS_FULL`.
   */
  async register(by: Registrant, body: unknown): Promise<RegistrationResponse> {
    await this.#count(by);
    const metadata = this.#read(body);
    const now = this.#frame.clock.now();
    const { token, tokenHash } = newToken();
    const { secret, secretHash } = newSecret(metadata);
    const clientId = `${DYNAMIC_CLIENT_PREFIX}${newId(now)}`;
    const client: StoredClient = {
      ...{ clientId, metadata, secretHash, tokenHash, createdAt: now, changedAt: now },
      lastUsedAt: undefined,
    };
    return await this.#frame.inTransaction(by, changeOf('client.registered', 'register', clientId), async (trx) => {
      const removed = await this.#makeRoom(trx, now);
      await insertClient(trx, client);
      return {
        value: this.#answer(client, token, secret),
        objectId: clientId,
        details: { ...shownIn(metadata), ...(removed > 0 && { removed }) },
      };
    });
  }

  /** What is registered. The token stays as it is; the secret is shown to nobody again (RFC 7592 §2.1). */
  async read(clientId: string, token: Secret): Promise<RegistrationResponse> {
    const client = await this.#authenticate(this.#frame.database.db, clientId, token);
    return this.#answer(client, token, undefined);
  }

  /**
   * Replaces what is registered with what is given (RFC 7592 §2.2), and the registration access token with a
   * new one. Throws `CLIENT_TOKEN_REFUSED`, for a client that there is not as for a token of another, and
   * `CLIENT_METADATA_REFUSED`.
   */
  async update(by: Registrant, clientId: string, token: Secret, body: unknown): Promise<RegistrationResponse> {
    return await this.#frame.inTransaction(by, changeOf('client.changed', 'change', clientId), async (trx) => {
      const current = await this.#authenticate(trx, clientId, token);
      checkUpdate(current, body);
      const metadata = this.#read(body);
      const next = newToken();
      const isConfidential = needsSecret(metadata);
      const { secret, secretHash } =
        isConfidential && current.secretHash !== undefined ? { ...current, secret: undefined } : newSecret(metadata);
      // Never the same moment again: a restore tells by it whether its copy is older.
      const changedAt = Math.max(this.#frame.clock.now(), current.changedAt + 1);
      const changed: StoredClient = { ...current, metadata, secretHash, tokenHash: next.tokenHash, changedAt };
      if (!(await updateClient(trx, changed, current.tokenHash as string))) throw refusedToken();
      return {
        value: this.#answer(changed, next.token, secret),
        objectId: clientId,
        details: shownIn(metadata),
        ends: [{ what: 'client.changed', id: clientId, holdsFrom: changedAt }],
      };
    });
  }

  /** Deletes the registration with all that was issued to it (RFC 7592 §2.3); its identifier is never given out again. Throws `CLIENT_TOKEN_REFUSED`. */
  async delete(by: Registrant, clientId: string, token: Secret): Promise<void> {
    await this.#frame.inTransaction(by, changeOf('client.deleted', 'delete', clientId), async (trx) => {
      const current = await this.#authenticate(trx, clientId, token);
      if (!(await deleteClient(trx, clientId, current.tokenHash as string))) throw refusedToken();
      const now = this.#frame.clock.now();
      const ended = await endOfClient(trx, clientId, { now, because: 'client deleted', consents: true });
      const ends = [{ what: 'client.deleted', id: clientId }] as const;
      return { value: undefined, objectId: clientId, details: { ended }, ends };
    });
  }

  async #count({ address }: Registrant): Promise<void> {
    try {
      await this.#throttle.take([
        { budget: REGISTRATION_BUDGET, of: address === undefined ? 'nowhere' : addressBlock(address) },
        { budget: REGISTRATIONS_BUDGET, of: 'all' },
      ]);
    } catch (error) {
      if (!(error instanceof ChatelaineError) || error.status !== 429) throw error;
      const seconds = Number(error.details?.['retryAfterSeconds'] ?? 1);
      throw clientError('CLIENT_REGISTRATION_THROTTLED', `too many clients register; try again in ${seconds} seconds`, {
        details: { retryAfterSeconds: seconds },
      });
    }
  }

  /** Clears away what expired, and the oldest that nobody used where there are too many; gives how many. */
  async #makeRoom(trx: DatabaseOrTransaction, now: number): Promise<number> {
    const { most, unusedMs } = this.#settings;
    const expired = await deleteUnusedBefore(trx, now - unusedMs);
    const beyond = (await countClients(trx)) + 1 - most;
    if (beyond <= 0) return expired;
    const evicted = await deleteOldestUnused(trx, beyond, now - EVICTABLE_AFTER_MS);
    if (evicted >= beyond) return expired + evicted;
    throw clientError('CLIENT_REGISTRATIONS_FULL', `there are ${most} registered clients, and no more may be`);
  }

  async #authenticate(db: DatabaseOrTransaction, clientId: string, token: Secret): Promise<StoredClient> {
    const presented = reveal(token);
    const client = isDynamicClientId(clientId) ? await findClient(db, clientId) : undefined;
    const hash = Buffer.from(client?.tokenHash ?? NOBODYS_HASH);
    const matches = presented.length <= LONGEST_TOKEN && equalBytes(hash, Buffer.from(sha256Hex(presented)));
    // The same for a foreign client as for none (RFC 7592 §2: 401 in both cases), and nobody's token is ended by it.
    if (client?.tokenHash === undefined || !matches || isExpired(client, this.#frame.clock.now(), this.#settings)) {
      throw refusedToken();
    }
    return client;
  }

  #read(body: unknown): ClientMetadata {
    const read = readRegistration(body, this.#settings);
    if (read.ok) return read.value;
    const { error, description } = read.error;
    throw clientError('CLIENT_METADATA_REFUSED', description, { details: { error } });
  }

  #answer(client: StoredClient, registrationToken: Secret, secret: Secret | undefined): RegistrationResponse {
    const { clientId, metadata, createdAt } = client;
    return registrationResponse({
      ...{ clientId, metadata, secret, registrationToken },
      issuedAt: Math.floor(createdAt / 1000),
      registrationUri: `${this.#endpoint.href.replace(/\/$/, '')}/${clientId}`,
    });
  }
}

/** What nothing hashes to. */
const NOBODYS_HASH = 'x'.repeat(64);

const refusedToken = (): Error =>
  clientError('CLIENT_TOKEN_REFUSED', 'the registration access token does not count for this client');

const needsSecret = ({ authMethod }: ClientMetadata): boolean => authMethod.startsWith('client_secret_');

function newToken(): { readonly token: Secret; readonly tokenHash: string } {
  const text = randomToken();
  return { token: new Secret(text), tokenHash: sha256Hex(text) };
}

/** A secret of 256 bits for a confidential client, of which the digest stays; none for others. */
function newSecret(metadata: ClientMetadata): {
  readonly secret: Secret | undefined;
  readonly secretHash: string | undefined;
} {
  if (!needsSecret(metadata)) return { secret: undefined, secretHash: undefined };
  const text = randomToken();
  return { secret: new Secret(text), secretHash: hashSecret(text) };
}

/** RFC 7592 §2.2: it says its own identifier, may repeat its secret, and sets nothing that the server does. */
function checkUpdate({ clientId, secretHash }: StoredClient, body: unknown): void {
  const refuse = (description: string): Error =>
    clientError('CLIENT_METADATA_REFUSED', description, { details: { error: 'invalid_client_metadata' } });
  if (!isRecord(body)) throw refuse('the metadata is no JSON object');
  const set = NOT_IN_UPDATES.find((member) => body[member] !== undefined);
  if (set !== undefined) throw refuse(`\`${set}\` is not the client's to change`);
  if (body['client_id'] !== clientId) throw refuse('`client_id` is not that of the registration');
  const { client_secret: secret } = body;
  if (secret === undefined) return;
  const matches =
    typeof secret === 'string' && equalBytes(Buffer.from(secretHash ?? NOBODYS_HASH), Buffer.from(hashSecret(secret)));
  if (!matches) throw refuse('`client_secret` is not the one of the registration, and none can be chosen');
}

const changeOf = (type: string, action: string, clientId: string) => ({
  class: 'credential' as const,
  type,
  action,
  object: { kind: 'client', namespace: '*', name: clientId.slice(0, 128) },
});

/** What the record says: names as they were claimed, where codes go. */
const shownIn = ({ name, redirectUris, authMethod }: ClientMetadata) => ({
  ...(name !== undefined && { name }),
  redirectUris: redirectUris.map((uri) => uri.slice(0, 512)),
  authMethod,
});
