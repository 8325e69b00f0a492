import type { ActionTarget, Principal } from '#contract';
import { reveal, type JsonObject } from '#kernel';
import { argumentsPlace, findApproval, pageOfApprovals, type ApprovalFilter } from '../store/approvals-store.ts';
import { isAskedBy, stateAt, type Approval, type ApprovalState } from './approval.ts';
import type { SealedCall } from './claims.ts';
import { openNeeds, seesAll, type ApprovalDecisions } from './decisions.ts';
import { personOf } from './granted.ts';
import { unknownApproval } from './errors.ts';
import type { ApprovalsParts, DecidedFrom } from './parts.ts';

/** An approval as one who may see it sees it. */
export interface SeenApproval {
  readonly approval: Approval;
  /** At the moment of looking. */
  readonly state: ApprovalState;
  /** What still needs somebody. */
  readonly open: readonly string[];
  /** Whether the call is the viewer's, or of an agent of theirs. */
  readonly mine: boolean;
  /** Whether the viewer is one of those whose yes it needs, or needed. */
  readonly entitled: boolean;
  /** Whether the viewer could say yes now. */
  readonly decidable: boolean;
  /** While it waits, for who made the call, answers for it or may decide; of a listing never. */
  readonly call: SealedCall | undefined;
  readonly url: string | undefined;
}

export interface Looking {
  readonly which: 'all' | 'mine' | 'to-decide';
  readonly open: boolean;
  /** Those that concern the viewer themselves, and not what an office of theirs lets them see. */
  readonly own?: boolean;
  /** The namespaces that the viewer may list, or all. */
  readonly namespaces: readonly string[] | 'all';
}

/** Read at once when few of them are for the viewer. */
const READ = 200;
/** Of who looks for their own among those of all. */
const MOST_READ = 10_000;

/** Who sees which requests, and how much of them. */
export class ApprovalView {
  readonly #parts: ApprovalsParts;
  readonly #decisions: ApprovalDecisions;

  constructor(parts: ApprovalsParts, decisions: ApprovalDecisions) {
    this.#parts = parts;
    this.#decisions = decisions;
  }

  /** A page of those that the viewer may see, the newest first, and one more where there is one. */
  async page(
    viewer: Principal,
    { which, open, namespaces, own = false }: Looking,
    from: DecidedFrom,
    { after, limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly SeenApproval[]> {
    const { frame } = this.#parts;
    const filter: ApprovalFilter = {
      ...{ open, now: frame.clock.now() },
      namespaces: namespaces === 'all' ? undefined : namespaces,
    };
    const found: SeenApproval[] = [];
    let behind = after;
    for (let read = 0; found.length < limit && read < MOST_READ; read += READ) {
      const rows = await pageOfApprovals(frame.database.db, filter, { after: behind, limit: READ });
      for (const row of rows) {
        const seen = await this.#seen(viewer, row, from);
        if (seen !== undefined && isLookedFor(seen, which, own)) found.push(seen);
      }
      behind = rows.at(-1)?.id;
      if (rows.length < READ) break;
    }
    return found.slice(0, limit);
  }

  /** One, with the arguments for those who need them. Throws `APPROVAL_UNKNOWN` for who may not see it, too. */
  async show(viewer: Principal, id: string, from: DecidedFrom): Promise<SeenApproval> {
    const approval = await findApproval(this.#parts.frame.database.db, id);
    const seen = approval && (await this.#seen(viewer, approval, from));
    if (seen === undefined) throw unknownApproval(id);
    const mayRead = seen.mine || seen.entitled || isPartOf(seen.approval, viewer);
    return mayRead && seen.state === 'pending' ? { ...seen, call: await this.#open(seen.approval) } : seen;
  }

  /** A user as they would be with a session, for who looks at what is theirs; undefined for none. */
  async personOf(id: string): Promise<Principal | undefined> {
    const standing = await this.#parts.standings.ofUser(id);
    return standing && personOf(standing);
  }

  /** Where it is, and whether it concerns the viewer; undefined where they may not see it. */
  async placeOf(viewer: Principal, id: string, from: DecidedFrom): Promise<ActionTarget | undefined> {
    const approval = await findApproval(this.#parts.frame.database.db, id);
    const seen = approval && (await this.#seen(viewer, approval, from));
    return seen && { namespace: seen.approval.namespace, own: seen.mine || seen.entitled };
  }

  async #seen(viewer: Principal, approval: Approval, from: DecidedFrom): Promise<SeenApproval | undefined> {
    const { frame, pageUrl } = this.#parts;
    const state = stateAt(approval, frame.clock.now());
    const mine = isAskedBy(approval, viewer) || isResponsible(approval, viewer);
    const entitled = (await this.#decisions.fillableBy(approval, viewer, from)).length > 0;
    const answered = isPartOf(approval, viewer);
    if (!mine && !entitled && !answered && !seesAll(viewer, approval.namespace)) return undefined;
    return {
      ...{ approval, state, mine, entitled },
      open: openNeeds(approval),
      // Who has answered has answered.
      decidable: state === 'pending' && entitled && !answered,
      call: undefined,
      url: pageUrl(approval.id)?.href,
    };
  }

  async #open(approval: Approval): Promise<SealedCall | undefined> {
    if (approval.sealed === null) return undefined;
    const text = reveal(await this.#parts.envelope.open(argumentsPlace(approval), approval.sealed));
    return JSON.parse(text) as { readonly arguments: JsonObject; readonly caller: string };
  }
}

const isResponsible = ({ responsible }: Approval, { kind, iss, sub }: Principal): boolean =>
  kind === 'user' && iss === 'chatelaine' && responsible === sub;

const isPartOf = ({ answers }: Approval, { kind, sub }: Principal): boolean =>
  kind === 'user' && answers.some(({ decider }) => decider === sub);

function isLookedFor({ mine, decidable, entitled }: SeenApproval, which: Looking['which'], own: boolean): boolean {
  if (which === 'all') return !own || mine || entitled;
  return which === 'mine' ? mine : decidable;
}
