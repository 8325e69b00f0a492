import type { DatabaseOrTransaction } from '#db';

/** What a user allowed a client to ask for at a resource. */
export interface Consent {
  readonly userId: string;
  readonly clientId: string;
  readonly resource: string;
  readonly clientDigest: string;
  readonly scopes: readonly string[];
  /** Whose tokens it may be given there. */
  readonly upstreams: readonly string[];
  readonly givenAt: number;
}

export async function findConsent(
  db: DatabaseOrTransaction,
  of: Pick<Consent, 'userId' | 'clientId' | 'resource'>,
): Promise<Consent | undefined> {
  const row = await db
    .selectFrom('consents')
    .selectAll()
    .where('user_id', '=', of.userId)
    .where('client_id', '=', of.clientId)
    .where('resource', '=', of.resource)
    .executeTakeFirst();
  return (
    row && {
      userId: row.user_id,
      clientId: row.client_id,
      resource: row.resource,
      clientDigest: row.client_digest,
      scopes: row.scopes === '' ? [] : row.scopes.split(' '),
      upstreams: row.upstreams === '' ? [] : row.upstreams.split(' '),
      givenAt: row.given_at,
    }
  );
}

/** In the place of what was allowed before. */
export async function putConsent(db: DatabaseOrTransaction, consent: Consent): Promise<void> {
  const changed = {
    client_digest: consent.clientDigest,
    scopes: consent.scopes.join(' '),
    upstreams: consent.upstreams.join(' '),
    given_at: consent.givenAt,
  };
  await db
    .insertInto('consents')
    .values({ user_id: consent.userId, client_id: consent.clientId, resource: consent.resource, ...changed })
    .onConflict((conflict) => conflict.columns(['user_id', 'client_id', 'resource']).doUpdateSet(changed))
    .execute();
}

/** Takes back what anybody allowed a client. */
export async function deleteConsentsTo(db: DatabaseOrTransaction, clientId: string): Promise<void> {
  await db.deleteFrom('consents').where('client_id', '=', clientId).execute();
}

/** Takes back what a user allowed, all of it or what one client may. */
export async function deleteConsents(db: DatabaseOrTransaction, userId: string, clientId?: string): Promise<void> {
  const rows = db.deleteFrom('consents').where('user_id', '=', userId);
  await (clientId === undefined ? rows : rows.where('client_id', '=', clientId)).execute();
}
