import type { DatabaseOrTransaction, DatabaseSession } from '#db';
import type { Head } from '../../chain/chain.ts';
import { genesis } from '../../chain/chain.ts';
import { publicKeysOf, trustedKeysOf } from '../../checkpoint/former-keys.ts';
import { readCheckpoint } from '../../checkpoint/checkpoint.ts';
import type { AuditSnapshot } from '../snapshot.ts';
import { ownCheckpoint, type PlacedLine } from './own-checkpoint.ts';

/**
 * What a snapshot of the database holds of the log, asked over the connection that sees its moment; its
 * rows go with all others. The public keys lie in `root`. Undefined where there is no log.
 */
export async function snapshotTables(
  session: Pick<DatabaseSession, 'query'>,
  root: string,
): Promise<AuditSnapshot | undefined> {
  const [installation] = await session.query<{ id: string }>('select id from audit_installation');
  if (installation === undefined) return undefined;
  const last = await ownCheckpoint(linesFromEnd(session), { installation: installation.id, keys: trustedKeysOf(root) });
  const heads = await session.query<{ id: string; seq: string | number | null; hash: string | null }>(`
    select w.id, r.seq, r.hash from audit_writers w
      left join lateral (
        select seq, hash from audit_records where writer = w.id order by seq desc limit 1
      ) r on true
    order by w.id`);
  return {
    installation: installation.id,
    keys: publicKeysOf(root),
    checkpoints: (last.line === undefined ? undefined : readCheckpoint(last.line)?.body.number) ?? 0,
    writers: heads.map(({ id, seq, hash }) => ({ id, ...headOf(installation.id, id, seq, hash) })),
    parts: [],
  };
}

const PAGE = 1000;

/** Numbers that JSON can hold: beyond them lies no checkpoint of ours. */
async function* linesFromEnd(session: Pick<DatabaseSession, 'query'>): AsyncGenerator<PlacedLine> {
  for (let offset = 0; ; offset += PAGE) {
    const rows = await session.query<{ place: string | number; line: string }>(
      `select place, line from audit_checkpoint_lines where place <= ${Number.MAX_SAFE_INTEGER}
        order by place desc, digest limit ${PAGE} offset ${offset}`,
    );
    yield* rows.map(({ place, line }) => ({ place: Number(place), line }));
    if (rows.length < PAGE) return;
  }
}

const headOf = (installation: string, id: string, seq: string | number | null, hash: string | null): Head =>
  seq === null || hash === null ? genesis(installation, id) : { seq: Number(seq), hash };

/** Marks every chain of a restored log: `openWriter` begins a new one. */
export async function closeTableChains(db: DatabaseOrTransaction, now: number): Promise<void> {
  await db
    .insertInto('audit_closed_chains')
    .columns(['writer', 'closed_at'])
    .expression((of) => of.selectFrom('audit_writers').select((column) => ['id', column.lit(now).as('closed_at')]))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
