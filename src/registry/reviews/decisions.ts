import type { Author } from '#identity';
import { ChatelaineError } from '#kernel';
import { findLine, pageOfLines, settleLine } from '../store/access-reviews-store.ts';
import type { Campaign, Line, LineState } from './campaign.ts';
import { reviewError, unknownLine } from './errors.ts';
import { authorityOf, changeOf, lineDetails, type Proof, type ReviewsParts } from './parts.ts';
import { takeAway } from './takings.ts';

export interface Decision {
  readonly verdict: 'keep' | 'revoke';
  readonly reason: string | undefined;
  /** The id of a user, or `BY_DUE_TIME`. */
  readonly by: string;
}

const PAGE = 500;

/**
 * Settles a line, on record, and gives it as it then stands. What its holder has no more is `gone`. What is to be
 * taken away is, in the transaction that settles the line; what cannot be here, or is not the opener's to take, is
 * `outstanding`, with where it is to be done. Throws `REVIEW_DECIDED`, `STEP_UP_REQUIRED` and faults of ours.
 */
export async function settle(
  parts: ReviewsParts,
  campaign: Campaign,
  line: Line,
  { verdict, reason, by }: Decision,
  { origin, proof }: { readonly origin: Author['origin']; readonly proof: Proof },
): Promise<Line> {
  const { frame, held, takings } = parts;
  const { database, clock } = frame;
  const noted = { reason: reason ?? null, decidedBy: by, decidedAt: clock.now() };
  const details = { ...lineDetails(line), verdict, ...(reason !== undefined && { reason: reason.slice(0, 500) }) };
  const to = async (db: Parameters<typeof settleLine>[0], state: LineState, elsewhere?: string): Promise<void> => {
    const from: readonly LineState[] = verdict === 'keep' ? ['undecided'] : ['undecided', 'kept'];
    if (await settleLine(db, line, from, { state, ...noted, ...(elsewhere !== undefined && { elsewhere }) })) return;
    throw reviewError('REVIEW_DECIDED', `line ${line.line} is ${line.state}`);
  };
  return await frame.recorded({ origin }, changeOf('decide', campaign, details), async () => {
    if (line.state !== 'undecided' && !(line.state === 'kept' && verdict === 'revoke')) {
      throw reviewError('REVIEW_DECIDED', `line ${line.line} is ${line.state}`);
    }
    const isHeld = (await held.among([line])).has(line.line);
    if (!isHeld) await to(database.db, 'gone');
    else if (verdict === 'keep') await to(database.db, 'kept');
    else if (line.elsewhere !== undefined) await to(database.db, 'outstanding');
    else {
      const authority = await authorityOf(parts, campaign, origin, proof);
      const refusal =
        authority === undefined
          ? 'whoever opened the review may take nothing away any more'
          : await refusalOf(takeAway(takings, authority, line, (trx) => to(trx, 'revoked')));
      if (refusal !== undefined) await to(database.db, 'outstanding', refusal);
    }
    const value = (await findLine(database.db, line.review, line.line)) ?? line;
    return { value, details: { became: value.state } };
  });
}

/** Why the owner of the thing leaves it where it is; undefined when it is gone. */
async function refusalOf(taking: Promise<void>): Promise<string | undefined> {
  try {
    await taking;
    return undefined;
  } catch (error) {
    const isOwners = error instanceof ChatelaineError && error.status < 500 && !OURS.has(error.code);
    if (isOwners) return error.message.slice(0, 500);
    throw error;
  }
}

/** For whoever decides to hear: they can prove who they are, or look again. */
const OURS: ReadonlySet<string> = new Set(['STEP_UP_REQUIRED', 'REVIEW_DECIDED', 'REVIEW_HOLDER_CHANGED']);

/** The line of that number. Throws `REVIEW_LINE_UNKNOWN`. */
export async function lineOf({ frame }: ReviewsParts, id: string, line: number): Promise<Line> {
  const found = await findLine(frame.database.db, id, line);
  if (found === undefined) throw unknownLine(id, line);
  return found;
}

/** Every line in one of those states, a page of them in memory; what is settled meanwhile does not come twice. */
export async function* linesIn(
  { frame }: ReviewsParts,
  id: string,
  states?: readonly LineState[],
): AsyncGenerator<readonly Line[], void, undefined> {
  for (let after = 0, more = true; more;) {
    const page = await pageOfLines(frame.database.db, id, { ...(states && { states }), after, limit: PAGE });
    if (page.length > 0) yield page;
    after = page.at(-1)?.line ?? after;
    more = page.length === PAGE;
  }
}

/** Marks what nobody has decided and nobody holds any more; and what was to be taken away elsewhere, and was. */
export async function markGone(parts: ReviewsParts, { id }: Campaign): Promise<void> {
  const { db } = parts.frame.database;
  for await (const page of linesIn(parts, id, ['undecided', 'outstanding'])) {
    const still = await parts.held.among(page);
    for (const line of page.filter((one) => !still.has(one.line))) {
      const state = line.state === 'undecided' ? 'gone' : 'revoked';
      await settleLine(db, line, [line.state], { state });
    }
  }
}
