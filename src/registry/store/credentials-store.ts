import type { DatabaseOrTransaction, VendedCredentialsTable } from '#db';
import { readConfirmation } from '#contract';
import type { Credential } from '../credentials/credential.ts';

/** Which credentials are meant; what is left out is any. */
export interface CredentialFilter {
  readonly namespace?: string | undefined;
  readonly tool?: string | undefined;
  readonly holderId?: string | undefined;
  readonly state?: 'active' | 'all' | undefined;
}

export async function insertCredential(db: DatabaseOrTransaction, credential: Credential): Promise<void> {
  const { holder, through } = credential;
  await db
    .insertInto('vended_credentials')
    .values({
      ...{ id: credential.id, digest: credential.digest, namespace: credential.namespace, tool: credential.tool },
      ...{ holder_kind: holder.kind, holder_id: holder.id, holder_name: holder.name },
      scopes: credential.scopes.join(' '),
      cnf: credential.cnf === undefined ? null : JSON.stringify(credential.cnf),
      parent: credential.parent ?? null,
      ...{ through_kind: through.kind, through_id: through.id },
      ...{ policies: JSON.stringify(credential.policies), policy_version: credential.policyVersion },
      ...{ issued_at: credential.issuedAt, expires_at: credential.expiresAt, revoked_at: credential.revokedAt },
    })
    .execute();
}

export async function findCredential(db: DatabaseOrTransaction, id: string): Promise<Credential | undefined> {
  const row = await db.selectFrom('vended_credentials').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toCredential(row);
}

/** By age, after the one of that id. */
export async function listCredentials(
  db: DatabaseOrTransaction,
  filter: CredentialFilter & { readonly ownOr?: OwnOr | undefined },
  page: { readonly after: string | undefined; readonly limit: number },
  now: number,
): Promise<readonly Credential[]> {
  const { namespace, tool, holderId, state, ownOr } = filter;
  const rows = await db
    .selectFrom('vended_credentials')
    .selectAll()
    .$if(namespace !== undefined, (query) => query.where('namespace', '=', namespace as string))
    .$if(tool !== undefined, (query) => query.where('tool', '=', tool as string))
    .$if(holderId !== undefined, (query) => query.where('holder_id', '=', holderId as string))
    .$if(state === 'active', (query) => query.where('revoked_at', 'is', null).where('expires_at', '>', now))
    .$if(ownOr !== undefined, (query) =>
      query.where((where) => {
        const { holderId: own, namespaces: seen } = ownOr as OwnOr;
        const isOwn = where('holder_id', '=', own);
        return seen.length === 0 ? isOwn : where.or([isOwn, where('namespace', 'in', seen as string[])]);
      }),
    )
    .$if(page.after !== undefined, (query) => query.where('id', '>', page.after as string))
    .orderBy('id')
    .limit(page.limit)
    .execute();
  return rows.map(toCredential);
}

/** A holder's own, and what is in those namespaces. */
export interface OwnOr {
  readonly holderId: string;
  readonly namespaces: readonly string[];
}

/** How many of a holder's credentials count now. */
export async function countCredentials(db: DatabaseOrTransaction, holderId: string, now: number): Promise<number> {
  const { count } = await db
    .selectFrom('vended_credentials')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('holder_id', '=', holderId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Revokes a credential with all that was made from it; gives how many that were. */
export async function revokeWithChildren(db: DatabaseOrTransaction, id: string, now: number): Promise<number> {
  let revoked = 0;
  let generation = [id];
  // A child is shorter-lived than its parent and made after it: there is no circle.
  while (generation.length > 0) {
    const updated = await db
      .updateTable('vended_credentials')
      .set({ revoked_at: now })
      .where('id', 'in', generation)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    revoked += Number(updated.numUpdatedRows);
    const children = await db.selectFrom('vended_credentials').select('id').where('parent', 'in', generation).execute();
    generation = children.map((child) => child.id);
  }
  return revoked;
}

/** Revokes what is meant; gives how many that were. */
export async function revokeCredentials(
  db: DatabaseOrTransaction,
  { namespace, tool, holderId }: CredentialFilter,
  now: number,
): Promise<number> {
  const updated = await db
    .updateTable('vended_credentials')
    .set({ revoked_at: now })
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .$if(namespace !== undefined, (query) => query.where('namespace', '=', namespace as string))
    .$if(tool !== undefined, (query) => query.where('tool', '=', tool as string))
    .$if(holderId !== undefined, (query) => query.where('holder_id', '=', holderId as string))
    .executeTakeFirst();
  return Number(updated.numUpdatedRows);
}

/** Forgets what ended before that moment. */
export async function pruneCredentials(db: DatabaseOrTransaction, before: number): Promise<void> {
  await db.deleteFrom('vended_credentials').where('expires_at', '<', before).execute();
}

function toCredential(row: VendedCredentialsTable): Credential {
  // A row that cannot be read is a credential that nobody can prove to be theirs.
  const cnf = row.cnf === null ? undefined : readConfirmation(JSON.parse(row.cnf));
  if (cnf !== undefined && !cnf.ok) throw new Error(`credential ${row.id}: ${cnf.error}`);
  return {
    ...{ id: row.id, digest: row.digest, namespace: row.namespace, tool: row.tool },
    holder: { kind: row.holder_kind, id: row.holder_id, name: row.holder_name },
    scopes: words(row.scopes),
    cnf: cnf?.value,
    parent: row.parent ?? undefined,
    through: { kind: row.through_kind, id: row.through_id },
    policies: JSON.parse(row.policies) as string[],
    policyVersion: row.policy_version,
    ...{ issuedAt: row.issued_at, expiresAt: row.expires_at, revokedAt: row.revoked_at },
  };
}

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');
