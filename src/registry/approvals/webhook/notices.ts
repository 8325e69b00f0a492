import { canonicalJson } from '#audit';
import { reveal, startRecurring, type Logger } from '#kernel';
import { argumentsPlace, findApproval, findDue, leaseDue, setNotifyAt, type Due } from '../../store/approvals-store.ts';
import { stateAt, type Approval } from '../approval.ts';
import type { SealedCall } from '../claims.ts';
import { openNeeds } from '../decisions.ts';
import type { ApprovalsParts } from '../parts.ts';
import { signedHeaders } from './standard-webhook.ts';

/** How a message leaves: through the egress guard. Gives the status of the answer; rejects where there is none. */
export type PostMessage = (message: {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}) => Promise<number>;

const EVERY_MS = 5000;
const AT_ONCE = 50;
/** Longer than a post may take: another process goes on where this one died. */
const LEASE_MS = 60_000;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Tells a receiver of new requests, each until it was taken or is decided. No call waits for that. */
export class ApprovalNotices {
  readonly #parts: ApprovalsParts;
  readonly #post: PostMessage;
  readonly #log: Logger;

  constructor(parts: ApprovalsParts, post: PostMessage, log: Logger) {
    this.#parts = parts;
    this.#post = post;
    this.#log = log;
  }

  /** Begins; gives how to look at once, and how to stop. Does nothing where no receiver is configured. */
  start(everyMs = EVERY_MS): { readonly kick: () => void; readonly stop: () => Promise<void> } {
    if (this.#parts.settings.webhook === undefined) return { kick: () => {}, stop: async () => {} };
    let running = Promise.resolve();
    const kick = (): void => {
      running = running.then(() => this.tell()).then(() => {}, this.#failed);
    };
    const stopRecurring = startRecurring(() => this.tell(), { everyMs, failed: this.#failed });
    return {
      kick,
      stop: async () => {
        await stopRecurring();
        await running;
      },
    };
  }

  /** Tells of everything that is due; gives how many messages were taken. */
  async tell(): Promise<number> {
    const { database, clock } = this.#parts.frame;
    let taken = 0;
    for (const due of await findDue(database.db, clock.now(), AT_ONCE)) {
      if (!(await leaseDue(database.db, due, clock.now() + LEASE_MS))) continue;
      if (await this.#tellOf(due)) taken++;
    }
    return taken;
  }

  async #tellOf({ id, attempts }: Due): Promise<boolean> {
    const { frame, settings } = this.#parts;
    const { database, clock } = frame;
    const approval = await findApproval(database.db, id);
    const { webhook } = settings;
    if (approval === undefined || webhook === undefined || stateAt(approval, clock.now()) !== 'pending') {
      await setNotifyAt(database.db, id, null);
      return false;
    }
    const body = canonicalJson(await this.#message(approval), { loneSurrogates: 'escape' });
    const { secret, keyId } = webhook;
    // The same id at every attempt: a receiver that has it already knows it again.
    const headers = {
      'content-type': 'application/json',
      ...signedHeaders({ id, body }, { secret, keyId, now: clock.now() }),
    };
    try {
      const status = await this.#post({ url: new URL(webhook.url), headers, body });
      if (status < 200 || status >= 300) throw new Error(`the receiver answered ${status}`);
      await setNotifyAt(database.db, id, null);
      return true;
    } catch (error) {
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS);
      await setNotifyAt(database.db, id, clock.now() + pause);
      this.#log.warn(
        { event: 'approval.notice', approval: id, err: error },
        'nobody took the news of an approval; it is told again',
      );
      return false;
    }
  }

  async #message(approval: Approval): Promise<object> {
    const { envelope, settings, pageUrl } = this.#parts;
    const { asker, shown } = approval;
    let args: object | undefined;
    if (settings.webhook?.arguments === true && approval.sealed !== null) {
      const text = reveal(await envelope.open(argumentsPlace(approval), approval.sealed));
      args = (JSON.parse(text) as SealedCall).arguments;
    }
    return {
      type: 'approval.requested',
      timestamp: new Date(approval.createdAt).toISOString(),
      data: {
        ...{ approval: approval.id, namespace: approval.namespace, tool: approval.tool },
        ...{ description: shown.description, annotations: shown.annotations },
        caller: { kind: asker.kind, issuer: asker.iss, subject: asker.sub },
        needs: openNeeds(approval).map((need) => (need === '' ? 'anybody' : need)),
        expiresAt: new Date(approval.expiresAt).toISOString(),
        argumentsDigest: approval.argumentsDigest,
        arguments: args,
        url: pageUrl(approval.id)?.href,
      },
    };
  }

  readonly #failed = (error: unknown): void =>
    this.#log.error({ err: error }, 'news of approvals could not be told; it is tried again');
}
