import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Database } from '#db';
import { newId, randomToken, reveal, Secret, type Clock } from '#kernel';
import type { Vault } from '#vault';
import {
  deleteUpstreamClient,
  findUpstreamClient,
  registrationPlace,
  storeRegistered,
  takeRegistering,
  type ClientPlace,
  type StoredUpstreamClient,
} from '../../store/upstream-clients-store.ts';
import { unavailable } from '../upstream-faults.ts';
import { AUTH_METHODS, type RegisteredClient } from './registration.ts';

/** Of no namespace: the clients are the installation's. */
const SCOPE = { kind: 'namespace', id: '*' } as const;
/** Longer than a registration takes; a process that dies with its turn holds the others up for no longer. */
const TURN_MS = 40_000;
const PATIENCE_MS = 15_000;

const sealedClient = z.strictObject({
  clientId: z.string(),
  secret: z.string().optional(),
  method: z.enum(AUTH_METHODS),
  redirectUri: z.string(),
  expiresAt: z.number().optional(),
});

/**
 * The clients that we registered, by upstream and issuer: once, whatever the number of processes, and never shown to
 * another issuer. Sealed like every other secret.
 */
export class RegisteredClients {
  readonly #database: Database;
  readonly #envelope: Vault['envelope'];
  readonly #clock: Clock;

  constructor(parts: { readonly database: Database; readonly envelope: Vault['envelope']; readonly clock: Clock }) {
    this.#database = parts.database;
    this.#envelope = parts.envelope;
    this.#clock = parts.clock;
  }

  /** The client, registered by whoever is first. One of another address of ours, or whose secret is over, is replaced. */
  async require(
    place: ClientPlace,
    redirectUri: string,
    register: () => Promise<RegisteredClient>,
  ): Promise<RegisteredClient> {
    const { db } = this.#database;
    const since = performance.now();
    for (;;) {
      const stored = await findUpstreamClient(db, place);
      const known = stored && (await this.#open(stored));
      if (stored !== undefined && known !== undefined) {
        const isOver = known.expiresAt !== undefined && known.expiresAt <= this.#clock.now() + TURN_MS;
        if (known.redirectUri === redirectUri && !isOver) return known;
        await deleteUpstreamClient(db, stored.id);
      }
      const made = await this.#inTurn(place, register);
      if (made !== undefined) return made;
      if (performance.now() - since > PATIENCE_MS)
        throw unavailable(place.upstream, 'somebody else is registering us there', 1);
      await sleep(50 + 100 * Math.random());
    }
  }

  /** Forgets the client that an issuer does not know any more; not the one that took its place meanwhile. */
  async forget(place: ClientPlace, clientId: string): Promise<void> {
    const stored = await findUpstreamClient(this.#database.db, place);
    const known = stored && (await this.#open(stored));
    if (stored !== undefined && known?.clientId === clientId) await deleteUpstreamClient(this.#database.db, stored.id);
  }

  async #inTurn(place: ClientPlace, register: () => Promise<RegisteredClient>): Promise<RegisteredClient | undefined> {
    const { db } = this.#database;
    const now = this.#clock.now();
    const turn = { id: newId(now), holder: randomToken() };
    if (!(await takeRegistering(db, { ...place, ...turn, now, until: now + TURN_MS }))) return undefined;
    try {
      const client = await register();
      const stored = await this.#envelope.writing(SCOPE, async (trx, sealing) =>
        storeRegistered(trx, turn, await sealing.seal(registrationPlace({ ...place, ...turn }), sealable(client))),
      );
      return stored ? client : undefined;
    } catch (error) {
      await deleteUpstreamClient(db, turn.id);
      throw error;
    }
  }

  async #open(stored: StoredUpstreamClient): Promise<RegisteredClient | undefined> {
    if (stored.registration === null) return undefined;
    const text = reveal(await this.#envelope.open(registrationPlace(stored), stored.registration));
    const { secret, expiresAt, ...client } = sealedClient.parse(JSON.parse(text));
    return { ...client, expiresAt, secret: secret === undefined ? undefined : new Secret(secret) };
  }
}

const sealable = ({ secret, ...client }: RegisteredClient): Secret =>
  new Secret(JSON.stringify({ ...client, ...(secret !== undefined && { secret: reveal(secret) }) }));
