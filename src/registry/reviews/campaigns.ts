import type { ActionTarget, Principal } from '#contract';
import { LOCAL_ISSUER, type Author } from '#identity';
import { newId } from '#kernel';
import {
  closeReview,
  countLines,
  findReview,
  insertReview,
  listReviews,
  listReviewsOf,
  pageOfLines,
} from '../store/access-reviews-store.ts';
import { LONGEST_MS, MOST_LINES, type Campaign, type Counts, type Line, type LineState } from './campaign.ts';
import { lineOf, linesIn, markGone, settle } from './decisions.ts';
import { reviewError, unknownReview } from './errors.ts';
import { changeOf, type ReviewsParts } from './parts.ts';

export interface NewCampaign {
  readonly namespace: string;
  readonly title: string;
  /** In milliseconds. */
  readonly dueAt: number;
  /** Ids of users. */
  readonly reviewers: readonly string[];
  readonly onDue: Campaign['onDue'];
}

export type CountedCampaign = Campaign & { readonly counts: Counts };

const MOST_OF_USER = 200;

/** Campaigns: opened with what is held then, decided line by line by people, and closed with what came of them. */
export class Campaigns {
  readonly #parts: ReviewsParts;

  constructor(parts: ReviewsParts) {
    this.#parts = parts;
  }

  /**
   * Throws `REVIEW_DUE_REFUSED`, `REVIEW_REVIEWER_UNKNOWN`, `REVIEW_OPENER_REFUSED`, `REVIEW_TOO_LARGE`, and as
   * `ChangeFrame.check` does.
   */
  async open(by: Author, wanted: NewCampaign): Promise<CountedCampaign> {
    const { frame, users } = this.#parts;
    const now = frame.clock.now();
    const { namespace, title, dueAt, onDue } = wanted;
    frame.check(by, 'access-review.open', { namespace });
    const openedBy = openerOf(by.principal);
    if (dueAt <= now || dueAt > now + LONGEST_MS) {
      throw reviewError('REVIEW_DUE_REFUSED', `\`${new Date(dueAt).toISOString()}\` is past, or too far away`);
    }
    const reviewers = [...new Set(wanted.reviewers)].toSorted();
    for (const id of reviewers) {
      if ((await users.find(id))?.disabledAt === null) continue;
      throw reviewError('REVIEW_REVIEWER_UNKNOWN', `there is no user \`${id.slice(0, 26)}\` who could review`);
    }
    const campaign: Campaign = {
      ...{ id: newId(now), namespace, title, onDue, dueAt, dueDoneAt: null, openedBy, openedAt: now },
      ...{ closedBy: null, closedAt: null, reviewers },
    };
    const lines = await this.#snapshot(campaign);
    const details = { due: new Date(dueAt).toISOString(), onDue, lines: lines.length, reviewers: reviewers.join(' ') };
    return await frame.inTransaction(by, changeOf('open', campaign, details), async (trx) => {
      frame.check(by, 'access-review.open', { namespace });
      await insertReview(trx, campaign, lines);
      return { value: { ...campaign, counts: await countLines(trx, campaign.id) } };
    });
  }

  /**
   * Decides one line. Throws `REVIEW_UNKNOWN`, `REVIEW_LINE_UNKNOWN`, `REVIEW_NOT_REVIEWER`, `REVIEW_OWN`,
   * `REVIEW_CLOSED`, `REVIEW_DECIDED`, `REVIEW_REASON_MISSING`, `REVIEW_HOLDER_CHANGED`.
   */
  async decide(
    by: Author,
    id: string,
    number: number,
    { verdict, reason }: { readonly verdict: 'keep' | 'revoke'; readonly reason?: string | undefined },
  ): Promise<Line> {
    const { frame } = this.#parts;
    const { principal, origin } = by;
    const campaign = await this.find(id);
    const own = isReviewer(principal, campaign);
    frame.check(by, 'access-review.decide', { namespace: campaign.namespace, own, missing: () => unknownReview(id) });
    if (!own || principal.act !== undefined) {
      throw reviewError('REVIEW_NOT_REVIEWER', `\`${principal.name}\` does not decide in \`${id}\``);
    }
    if (campaign.closedAt !== null) throw closed(id);
    const line = await lineOf(this.#parts, id, number);
    if (await this.#isTheirs(principal, line)) {
      throw reviewError('REVIEW_OWN', `line ${number} is about what \`${principal.name}\` holds or answers for`);
    }
    if (verdict === 'revoke' && (reason === undefined || reason.trim() === '')) {
      throw reviewError('REVIEW_REASON_MISSING', `line ${number} is to be revoked for no reason`);
    }
    const decision = { verdict, reason, by: principal.sub };
    return await settle(this.#parts, campaign, line, decision, { origin, proof: principal });
  }

  /** Ends it: nothing is decided any more, and what was stays. Throws `REVIEW_UNKNOWN`, `REVIEW_CLOSED`. */
  async close(by: Author, id: string): Promise<CountedCampaign> {
    const { frame } = this.#parts;
    const campaign = await this.find(id);
    const target = { namespace: campaign.namespace, missing: () => unknownReview(id) };
    frame.check(by, 'access-review.close', target);
    if (campaign.closedAt !== null) throw closed(id);
    await markGone(this.#parts, campaign);
    return await frame.inTransaction(by, changeOf('close', campaign), async (trx) => {
      frame.check(by, 'access-review.close', target);
      const end = { by: by.principal.sub, at: frame.clock.now() };
      if (!(await closeReview(trx, id, end))) throw closed(id);
      const counts = await countLines(trx, id);
      return { value: { ...campaign, closedBy: end.by, closedAt: end.at, counts }, details: { ...counts } };
    });
  }

  /** Throws `REVIEW_UNKNOWN`. */
  async find(id: string): Promise<CountedCampaign> {
    const { db } = this.#parts.frame.database;
    const found = await findReview(db, id);
    if (found === undefined) throw unknownReview(id);
    return { ...found, counts: await countLines(db, id) };
  }

  /** Where it is, and whether the caller reviews it; undefined where there is none. */
  async placeOf(principal: Principal, id: string): Promise<ActionTarget | undefined> {
    const found = await findReview(this.#parts.frame.database.db, id);
    return found && { namespace: found.namespace, own: isReviewer(principal, found) };
  }

  /** A page, the newest first. */
  async list(
    namespaces: readonly string[] | 'all',
    page: { readonly before: string | undefined; readonly limit: number },
  ): Promise<readonly CountedCampaign[]> {
    return await this.#counted(await listReviews(this.#parts.frame.database.db, namespaces, page));
  }

  /** Open ones in which that user decides. */
  async listOf(userId: string): Promise<readonly CountedCampaign[]> {
    return await this.#counted(await listReviewsOf(this.#parts.frame.database.db, userId, MOST_OF_USER));
  }

  /** A page by number; what nobody has decided and nobody holds now is shown as gone before it is marked so. */
  async lines(
    id: string,
    page: { readonly states?: readonly LineState[]; readonly after: number; readonly limit: number },
  ): Promise<readonly Line[]> {
    const { frame, held } = this.#parts;
    const lines = await pageOfLines(frame.database.db, id, page);
    const undecided = lines.filter(({ state }) => state === 'undecided');
    const still = await held.among(undecided);
    return lines.map((one) => (one.state === 'undecided' && !still.has(one.line) ? { ...one, state: 'gone' } : one));
  }

  /** All of them as they are marked, page by page. */
  pages(id: string): AsyncIterable<readonly Line[]> {
    return linesIn(this.#parts, id);
  }

  /** What a person is called now; undefined for the forgotten. */
  async nameOf({ holder }: Line): Promise<string | undefined> {
    return holder.kind === 'agent' ? holder.name : (await this.#parts.users.find(holder.id))?.name;
  }

  async #snapshot({ id, namespace }: Campaign): Promise<readonly Line[]> {
    const lines: Line[] = [];
    for await (const held of this.#parts.held.in(namespace)) {
      if (lines.length === MOST_LINES) throw reviewError('REVIEW_TOO_LARGE', `there are more than ${MOST_LINES}`);
      const undecided = { state: 'undecided', reason: null, decidedBy: null, decidedAt: null } as const;
      lines.push({ ...held, review: id, line: lines.length + 1, ...undecided });
    }
    return lines;
  }

  async #counted(campaigns: readonly Campaign[]): Promise<readonly CountedCampaign[]> {
    const { db } = this.#parts.frame.database;
    return await Promise.all(campaigns.map(async (one) => ({ ...one, counts: await countLines(db, one.id) })));
  }

  /** Whoever gains by it decides nothing, as with requests for access. */
  async #isTheirs(principal: Principal, { holder }: Line): Promise<boolean> {
    if (holder.kind === 'user') return holder.id === principal.sub;
    const agent = await this.#parts.agents.byId(holder.id);
    return agent !== undefined && (await this.#parts.agents.isResponsible(principal, agent));
  }
}

const isReviewer = ({ kind, iss, sub }: Principal, { reviewers }: Campaign): boolean =>
  kind === 'user' && iss === LOCAL_ISSUER && reviewers.includes(sub);

function openerOf({ kind, iss, sub, name, via }: Principal): Campaign['openedBy'] {
  if (via.method === 'local') return { kind: 'operator', id: sub };
  if (iss === LOCAL_ISSUER && kind !== 'anonymous') return { kind, id: sub };
  throw reviewError('REVIEW_OPENER_REFUSED', `\`${name}\` is nobody who is known here`);
}

const closed = (id: string) => reviewError('REVIEW_CLOSED', `the access review \`${id}\` is closed`);
