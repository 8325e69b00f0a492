import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PassedAnswer, PassingClient } from '#egress';
import { ChatelaineError, type Logger } from '#kernel';
import { gatewayError } from '../../errors.ts';
import type { ReplicaDirectory } from './directory.ts';
import { bodyOf, giveAnswer, headersOf, Passage } from './passage.ts';
import { SessionDoor } from './session-door.ts';
import { FORWARDED, type Voucher, type Witnessed } from './voucher.ts';

/** What became of a request that another process holds the answer to; `refused`: one that came in as if forwarded. */
export type ForwardingOutcome = 'answered' | 'broken' | 'unreachable' | 'gone' | 'left' | 'refused';

export interface Forwarded extends Witnessed {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The process that it is for. */
  readonly to: string;
  /** The body, where it was read already; else it flows from the request. */
  readonly body?: Buffer | undefined;
  /** Asked every 15 seconds of a connection that showed a certificate: whether that still counts. */
  readonly stillShown?: () => boolean;
}

const OURS: ReadonlySet<string> = new Set([FORWARDED]);
const FRAMING: ReadonlySet<string> = new Set([FORWARDED, 'content-length']);
const LOOK_AFTER_MS = 15_000;
/** RFC 9110 §15.5.20. */
const MISDIRECTED = 421;

/**
 * The other processes of this installation, and the way to them. A request goes there as it came, with one header
 * that says what only this process could see; who is calling the other one finds out for itself.
 */
export class Siblings {
  /** The id of this process, which the ids of its sessions begin with. */
  readonly self: string;
  /** Which requests are another one's by the session that they name. */
  readonly sessions: SessionDoor;
  readonly #parts: ConstructorParameters<typeof Siblings>[0];
  readonly #passages = new Set<Passage>();

  constructor(parts: {
    readonly self: string;
    readonly directory: Pick<ReplicaDirectory, 'addressOf' | 'join' | 'leave' | 'look' | 'onSilent'>;
    readonly voucher: Voucher;
    readonly client: PassingClient;
    readonly log: Logger;
    readonly count?: ((outcome: ForwardingOutcome) => void) | undefined;
  }) {
    this.self = parts.self;
    this.sessions = new SessionDoor(parts.self);
    this.#parts = parts;
    parts.directory.onSilent((id) => {
      for (const passage of this.#passages) if (passage.to === id) passage.cut('the replica fell silent');
    });
  }

  /** Takes its place among them. Rejects as the database does. */
  join(): Promise<void> {
    return this.#parts.directory.join();
  }

  /** Whether a request says that one of them forwarded it. */
  saysForwarded({ headers }: IncomingMessage): boolean {
    return headers[FORWARDED] !== undefined;
  }

  /**
   * What the one that forwarded the request saw of it. Throws `FORWARDING_REFUSED` where that was none of them,
   * `FORWARDING_MISDIRECTED` where it was meant for another.
   */
  witnessed(request: IncomingMessage): Witnessed {
    const read = this.#parts.voucher.read(request, String(request.headers[FORWARDED]));
    if (read.ok) return read.value;
    // One that was killed and started again is where it was: what its predecessor held is gone.
    if (read.error === 'misdirected')
      throw gatewayError('FORWARDING_MISDIRECTED', 'this is not the replica that the request was forwarded to');
    this.#parts.count?.('refused');
    this.#parts.log.warn({ event: 'forwarding.refused', reason: read.error }, 'a forwarded request is refused');
    throw gatewayError('FORWARDING_REFUSED', 'this is no request that a replica forwarded to this one');
  }

  /**
   * Hands the request to a process and gives its answer; resolves when that is over. False, and nothing is
   * answered, when there is no such process any more: the caller answers as for what has ended.
   * Throws `SIBLING_UNREACHABLE` when nothing was sent, `SIBLING_BROKE_OFF` when that is not known, and
   * `SESSION_ENDED` when it has just ended, or somebody else is where it was.
   */
  async forward(forwarded: Forwarded): Promise<boolean> {
    const { request, response, to, stillShown } = forwarded;
    const origin = await this.#parts.directory.addressOf(to);
    if (origin === undefined) {
      this.#parts.count?.('gone');
      return false;
    }
    // The client may have left meanwhile.
    if (response.destroyed) return true;
    const passage = new Passage(to, request, response);
    this.#passages.add(passage);
    const watch =
      stillShown && setInterval(() => stillShown() || passage.cut('its certificate does not count'), LOOK_AFTER_MS);
    try {
      const answer = await this.#send(forwarded, origin, passage);
      if (answer === undefined) return true;
      if (answer.status === MISDIRECTED) throw this.#replaced(answer);
      const whole = await giveAnswer(answer, passage);
      this.#parts.count?.(whole || passage.over ? 'answered' : passage.signal.aborted ? 'left' : 'broken');
      return true;
    } finally {
      clearInterval(watch);
      this.#passages.delete(passage);
    }
  }

  /** Ends the streams that clients hold open through this process; calls may end by themselves. */
  drain(): void {
    for (const passage of this.#passages) if (passage.request.method === 'GET') passage.end();
  }

  /** Gives up its place: nothing new is forwarded to it. */
  leave(): Promise<void> {
    return this.#parts.directory.leave();
  }

  async close(): Promise<void> {
    await this.#parts.client.close();
    await this.leave();
  }

  #replaced({ body }: PassedAnswer): ChatelaineError {
    body.on('error', () => {}).destroy();
    return this.#ended();
  }

  /** Whether the process ended since it was last looked for; false where that cannot be found out now. */
  async #hasLeft(id: string): Promise<boolean> {
    try {
      await this.#parts.directory.look();
      return (await this.#parts.directory.addressOf(id)) === undefined;
    } catch {
      return false;
    }
  }

  #ended(): ChatelaineError {
    this.#parts.count?.('gone');
    return gatewayError('SESSION_ENDED', 'the session has ended; send `initialize` to open one');
  }

  /** The beginning of the answer; undefined when nobody waits for one any more. */
  async #send(forwarded: Forwarded, origin: string, passage: Passage): Promise<PassedAnswer | undefined> {
    const { request, response, to, body } = forwarded;
    const { voucher, client, count, log } = this.#parts;
    const vouched = [FORWARDED, voucher.write(request, to, forwarded)];
    const carries = request.method === 'POST';
    try {
      return await client.pass({
        ...{ method: request.method as string, origin, target: request.url as string, signal: passage.signal },
        headers: [...vouched, ...headersOf(request.rawHeaders, carries && body === undefined ? OURS : FRAMING)],
        body: carries ? (body ?? bodyOf(request)) : undefined,
      });
    } catch (cause) {
      if (response.destroyed) {
        count?.('left');
        return undefined;
      }
      const unsent = cause instanceof ChatelaineError;
      if (unsent && (await this.#hasLeft(to))) throw this.#ended();
      count?.(unsent ? 'unreachable' : 'broken');
      log.warn({ event: 'forwarding.failed', replica: to, err: cause }, 'a request could not be forwarded');
      if (unsent) {
        const details = { retryAfterSeconds: 2 };
        throw gatewayError('SIBLING_UNREACHABLE', 'the session is held by a replica that cannot be reached now', {
          ...{ cause, details },
        });
      }
      throw gatewayError('SIBLING_BROKE_OFF', 'the replica that holds the session broke off before it answered', {
        cause,
      });
    }
  }
}
