import type { Clock } from '#kernel';
import type { Database } from '#db';
import { write } from '../artifacts/unit-of-work.ts';
import { securityDigest } from '../clients/client.ts';
import type { ClientSource } from '../clients/client-source.ts';
import { findConsent, putConsent, type Consent } from '../store/consents-store.ts';

/** What is asked for, or allowed. */
type Wanted = Pick<Consent, 'userId' | 'clientId' | 'resource' | 'scopes' | 'upstreams'>;

/** What a client was allowed. */
export type Allowance = Pick<Consent, 'scopes' | 'upstreams'>;

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

  /** Whether the user has allowed the client, as it is now, all of these scopes and upstreams there. */
  async covers(wanted: Wanted): Promise<boolean> {
    const given = await this.given(wanted);
    return (
      given !== undefined &&
      wanted.scopes.every((scope) => given.scopes.includes(scope)) &&
      wanted.upstreams.every((upstream) => given.upstreams.includes(upstream))
    );
  }

  /** What the user has allowed the client, as it is now, there; undefined for nothing. */
  async given(of: Pick<Consent, 'userId' | 'clientId' | 'resource'>): Promise<Allowance | undefined> {
    const given = await findConsent(this.#database.db, of);
    if (given === undefined || given.clientDigest !== (await this.#digest(of.clientId))) return undefined;
    return { scopes: given.scopes, upstreams: given.upstreams };
  }

  /** Adds to what was allowed before, with the rest of the request where there is one. */
  async give(consent: Wanted): Promise<void> {
    const clientDigest = await this.#digest(consent.clientId);
    const givenAt = this.#clock.now();
    await write(this.#database, async (trx) => {
      const before = await findConsent(trx, consent);
      const kept = before?.clientDigest === clientDigest ? before : undefined;
      await putConsent(trx, {
        ...consent,
        scopes: [...new Set([...(kept?.scopes ?? []), ...consent.scopes])],
        upstreams: [...new Set([...(kept?.upstreams ?? []), ...consent.upstreams])],
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
