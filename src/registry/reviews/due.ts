import type { Database } from '#db';
import { startRecurring, type Clock, type Logger } from '#kernel';
import { countLines, listDue, setDueDone } from '../store/access-reviews-store.ts';
import { BY_DUE_TIME, type Campaign } from './campaign.ts';
import { linesIn, markGone, settle } from './decisions.ts';
import { changeOf, NO_PROOF, type ReviewsParts } from './parts.ts';

const EVERY_MS = 60_000;
const AT_ONCE = 20;

const ORIGIN = {
  door: 'system',
  actor: { kind: 'system', iss: 'chatelaine', sub: 'access-reviews', name: 'access-reviews' },
} as const;

/**
 * Does what campaigns ask for whose time is over: what nobody has decided is on record and in the log, and where the
 * campaign says so taken away. Several processes may do so at once. Gives how to stop it.
 */
export function startDueReviews({
  database,
  open,
  clock,
  log,
  everyMs = EVERY_MS,
}: {
  readonly database: Pick<Database, 'db'>;
  /** Asked for by the first campaign that is due. */
  readonly open: () => Promise<ReviewsParts>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs?: number;
}): () => Promise<void> {
  const work = async (): Promise<void> => {
    if ((await listDue(database.db, clock.now(), 1)).length > 0) await endDueReviews(await open(), log);
  };
  return startRecurring(work, {
    everyMs,
    failed: (error) => log.error({ err: error }, 'access reviews that are due could not be ended; it is tried again'),
  });
}

/** One run; gives how many campaigns were due. */
export async function endDueReviews(parts: ReviewsParts, log: Logger): Promise<number> {
  const { database, clock, trail } = parts.frame;
  let done = 0;
  for (const campaign of await listDue(database.db, clock.now(), AT_ONCE)) {
    await markGone(parts, campaign);
    const open = (await countLines(database.db, campaign.id)).undecided;
    if (campaign.onDue === 'revoke') await revokeUndecided(parts, campaign, log);
    if (!(await setDueDone(database.db, campaign.id, clock.now()))) continue;
    done++;
    const counts = await countLines(database.db, campaign.id);
    const change = changeOf('due', campaign, { onDue: campaign.onDue, wereOpen: open, ...counts });
    await trail.append({ class: 'administration', ...ORIGIN, ...change, outcome: 'success' });
    const facts = { event: 'access-review.due', review: campaign.id, namespace: campaign.namespace };
    log.warn({ ...facts, onDue: campaign.onDue, wereOpen: open, ...counts }, 'an access review is due');
  }
  return done;
}

/** A line that fails stays undecided and is told: the others do not wait for it. */
async function revokeUndecided(parts: ReviewsParts, campaign: Campaign, log: Logger): Promise<void> {
  const decision = { verdict: 'revoke', reason: 'nobody had decided by the due time', by: BY_DUE_TIME } as const;
  for await (const page of linesIn(parts, campaign.id, ['undecided'])) {
    for (const line of page) {
      try {
        await settle(parts, campaign, line, decision, { origin: ORIGIN, proof: NO_PROOF });
      } catch (error) {
        log.error({ err: error, review: campaign.id, line: line.line }, 'a line of an access review stays undecided');
      }
    }
  }
}
