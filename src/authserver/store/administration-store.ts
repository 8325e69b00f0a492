import type { DatabaseOrTransaction } from '#db';
import type { Grant } from '../grants/grant.ts';
import { toTokenSession, type TokenSession } from './token-sessions-store.ts';

/** Which token sessions are looked for. */
export interface TokenSessionFilter {
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly owner?: string | undefined;
  readonly state: 'active' | 'ended' | 'all';
}

/** Behind which one a page begins, and how many it holds. */
export interface PageOf {
  readonly after: string | undefined;
  readonly limit: number;
}

/** Token sessions, the newest first: their ids grow with time. */
export async function pageOfTokenSessions(
  db: DatabaseOrTransaction,
  { userId, clientId, owner, state }: TokenSessionFilter,
  { after, limit }: PageOf,
  now: number,
): Promise<readonly TokenSession[]> {
  let rows = db.selectFrom('token_sessions').selectAll();
  if (userId !== undefined) rows = rows.where('user_id', '=', userId);
  if (clientId !== undefined) rows = rows.where('client_id', '=', clientId);
  if (owner !== undefined) rows = rows.where('owner', '=', owner);
  if (state === 'active') rows = rows.where('ended_at', 'is', null).where('expires_at', '>', now);
  if (state === 'ended')
    rows = rows.where((where) => where.or([where('ended_at', 'is not', null), where('expires_at', '<=', now)]));
  if (after !== undefined) rows = rows.where('id', '<', after);
  return (await rows.orderBy('id', 'desc').limit(limit).execute()).map(toTokenSession);
}

/** How many token sessions of each of these clients go on. */
export async function countTokenSessions(
  db: DatabaseOrTransaction,
  clientIds: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, number>> {
  if (clientIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('token_sessions')
    .select((select) => ['client_id', select.fn.countAll<number | string>().as('count')])
    .where('client_id', 'in', [...clientIds])
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .groupBy('client_id')
    .execute();
  return new Map(rows.map(({ client_id: clientId, count }) => [clientId, Number(count)]));
}

/** A client as token sessions know it. */
export interface SeenClient {
  readonly clientId: string;
  /** As it called itself when somebody last consented. */
  readonly name: string;
  readonly firstSeenAt: number;
  readonly lastUsedAt: number;
}

/** The clients of metadata documents that people have let in, or the one of that identifier. */
export async function clientsSeen(db: DatabaseOrTransaction, clientId?: string): Promise<readonly SeenClient[]> {
  const rows = await db
    .selectFrom('token_sessions')
    .select((select) => [
      'client_id',
      select.fn.min('created_at').as('first'),
      select.fn.max('last_used_at').as('last'),
      select.fn.max('id').as('newest'),
    ])
    .where('client_id', 'like', 'https:%')
    .$if(clientId !== undefined, (query) => query.where('client_id', '=', clientId as string))
    .groupBy('client_id')
    .execute();
  if (rows.length === 0) return [];
  const newest = rows.map((row) => row.newest);
  const named = await db.selectFrom('token_sessions').select(['id', 'client_name']).where('id', 'in', newest).execute();
  const names = new Map(named.map((row) => [row.id, row.client_name]));
  return rows.map((row) => ({
    clientId: row.client_id,
    name: names.get(row.newest) ?? row.client_id,
    firstSeenAt: row.first,
    lastUsedAt: row.last,
  }));
}

/** Which grants are looked for. */
export interface GrantListFilter {
  readonly userId?: string | undefined;
  readonly owner?: string | undefined;
  readonly upstream?: string | undefined;
}

/** A grant as lists have it: of its tokens nothing is read. */
export type ListedGrant = Omit<Grant, 'version'>;

const LISTED = [
  'id',
  'user_id',
  'owner',
  'upstream',
  'status',
  'scopes',
  'expires_at',
  'created_at',
  'changed_at',
] as const;

/** Grants, the newest first. */
export async function pageOfGrants(
  db: DatabaseOrTransaction,
  { userId, owner, upstream }: GrantListFilter,
  { after, limit }: PageOf,
): Promise<readonly ListedGrant[]> {
  let rows = db.selectFrom('grants').select(LISTED);
  if (userId !== undefined) rows = rows.where('user_id', '=', userId);
  if (owner !== undefined) rows = rows.where('owner', '=', owner);
  if (upstream !== undefined) rows = rows.where('upstream', '=', upstream);
  if (after !== undefined) rows = rows.where('id', '<', after);
  return (await rows.orderBy('id', 'desc').limit(limit).execute()).map(toListed);
}

export async function findListedGrant(db: DatabaseOrTransaction, id: string): Promise<ListedGrant | undefined> {
  const row = await db.selectFrom('grants').select(LISTED).where('id', '=', id).executeTakeFirst();
  return row && toListed(row);
}

const toListed = (row: {
  readonly id: string;
  readonly user_id: string;
  readonly owner: string;
  readonly upstream: string;
  readonly status: Grant['status'];
  readonly scopes: string;
  readonly expires_at: number | null;
  readonly created_at: number;
  readonly changed_at: number;
}): ListedGrant => ({
  id: row.id,
  userId: row.user_id,
  owner: row.owner,
  upstream: row.upstream,
  status: row.status,
  scopes: row.scopes === '' ? [] : row.scopes.split(' '),
  expiresAt: row.expires_at,
  createdAt: row.created_at,
  changedAt: row.changed_at,
});
