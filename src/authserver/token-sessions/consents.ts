import type { Clock } from '#kernel';
import type { Database } from '#db';
import { write } from '../artifacts/unit-of-work.ts';
import { securityDigest } from '../clients/client.ts';
import type { ClientSource } from '../clients/client-source.ts';
import { findConsent, putConsent, type Consent } from '../store/consents-store.ts';

/**
 * What people have allowed clients. Kept with a digest of what of the client matters: a client that has since
 * taken another name or other redirects is asked about again.
 */
export class Consents {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #clients: ClientSource;

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly clients: ClientSource }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#clients = parts.clients;
  }

  /** Whether the user has allowed the client, as it is now, all of these scopes there. */
  async covers(wanted: Pick<Consent, 'userId' | 'clientId' | 'resource' | 'scopes'>): Promise<boolean> {
    const given = await findConsent(this.#database.db, wanted);
    if (given === undefined || given.clientDigest !== (await this.#digest(wanted.clientId))) return false;
    return wanted.scopes.every((scope) => given.scopes.includes(scope));
  }

  /** Adds to what was allowed before, with the rest of the request where there is one. */
  async give(consent: Pick<Consent, 'userId' | 'clientId' | 'resource' | 'scopes'>): Promise<void> {
    const clientDigest = await this.#digest(consent.clientId);
    const givenAt = this.#clock.now();
    await write(this.#database, async (trx) => {
      const before = await findConsent(trx, consent);
      const kept = before?.clientDigest === clientDigest ? before.scopes : [];
      await putConsent(trx, {
        ...consent,
        scopes: [...new Set([...kept, ...consent.scopes])],
        clientDigest,
        givenAt,
      });
    });
  }

  async #digest(clientId: string): Promise<string> {
    const client = await this.#clients.find(clientId);
    if (client === undefined) throw new Error(`the client \`${clientId}\` is gone`);
    return securityDigest(client);
  }
}
