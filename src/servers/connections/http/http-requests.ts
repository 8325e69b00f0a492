/**
 * HTTP requests to one server in the name of one caller: through the egress guard, with what authorizes them, tried
 * once more where a credential was refused and another would be sent. Nothing else is ever sent twice.
 */
import { NOBODY, type CallerFace } from '#contract';
import type { EgressStream } from '#egress';
import { reveal, type Secret } from '#kernel';
import { untilAborted } from '#toolbox';
import { connectionError } from '../errors.ts';
import { drain } from './event-stream.ts';
import { Sent } from './sent.ts';
import type { OutgoingAuth, OutgoingRequest } from '#outgoing-auth';
import type { HttpTarget } from '../target.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The server's own address unless said. */
  readonly url?: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export class HttpRequests {
  readonly #target: HttpTarget;
  readonly #caller: CallerFace;
  readonly #sent = new Sent();
  readonly #fixed: Readonly<Record<string, Secret>> | undefined;
  #last: Readonly<Record<string, Secret>> | undefined;

  constructor(target: HttpTarget, caller: CallerFace = NOBODY) {
    this.#target = target;
    this.#caller = caller;
    this.#fixed = target.headers;
  }

  get url(): URL {
    return this.#target.url;
  }

  get server(): string {
    return this.#target.name;
  }

  /** A message of the server without what it was sent in confidence. */
  withoutSent(message: Buffer): Buffer {
    return this.#sent.without(message);
  }

  /**
   * The answer, from its head on, whatever its status but two: 401 and 403 are `SERVER_REFUSED`, with the challenge
   * in the details. Rejects besides as `EgressClient.stream`, and as what authorizes does.
   */
  async send(request: HttpRequest): Promise<EgressStream> {
    const { auth } = this.#target;
    for (let attempt = 0; ; attempt++) {
      const sent = auth && (await this.#credential(auth, request));
      this.#last = sent;
      const answer = await this.#exchange(request, sent);
      const { status } = answer;
      if (status !== 401 && status !== 403) return answer;
      discard(answer);
      const challenge = answer.headers['www-authenticate'];
      if (auth !== undefined && sent !== undefined && attempt === 0) {
        if (await auth.refused(this.#caller, sent, { status, challenge })) continue;
      }
      throw connectionError(
        'SERVER_REFUSED',
        `\`${this.server}\` answered ${request.method} with HTTP status ${status}`,
        {
          details: { status, ...(challenge !== undefined && { challenge: this.#shown(challenge) }) },
        },
      );
    }
  }

  /** Who has signed out is given no credential any more: what they began is ended with the one that came last. */
  async #credential(auth: OutgoingAuth, request: HttpRequest): Promise<Readonly<Record<string, Secret>>> {
    try {
      return await untilAborted(auth.headers(this.#caller, this.#outgoing(request)), request.signal);
    } catch (error) {
      if (request.method === 'DELETE' && this.#last !== undefined) return this.#last;
      throw error;
    }
  }

  #shown(text: string): string {
    return this.withoutSent(Buffer.from(text)).toString();
  }

  #outgoing({ method, url = this.url, headers, body }: HttpRequest): OutgoingRequest {
    return { method, url, headers, body };
  }

  async #exchange(request: HttpRequest, sent: Readonly<Record<string, Secret>> | undefined): Promise<EgressStream> {
    let { headers } = request;
    this.#sent.add({ ...this.#fixed, ...sent });
    // The credential last: nothing that anybody else wrote takes its place.
    for (const secret of [this.#fixed, sent]) if (secret !== undefined) headers = { ...headers, ...revealed(secret) };
    const answer = await this.#target.client
      .stream({
        method: request.method,
        url: request.url ?? this.url,
        headers,
        body: request.body,
        follow: 'own-origin',
        signal: request.signal,
      })
      .catch((error: unknown) => {
        if (request.method !== 'POST' || !brokeOff(error)) throw error;
        // It may have been read: whoever repeats it must know.
        throw connectionError('SERVER_LOST', `\`${this.server}\` hung up before it answered`, { cause: error });
      });
    if (answer.method === request.method) return answer;
    discard(answer);
    const message = `\`${this.server}\` redirects in a way that makes a GET of a ${request.method}`;
    throw connectionError('SERVER_ANSWER_UNREADABLE', `${message}; only 307 and 308 keep a message`);
  }
}

const revealed = (headers: Readonly<Record<string, Secret>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, reveal(value)]));

/** Whether it was sent, at least in part: a connection that never came about fails under other codes. */
function brokeOff(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(cause?.code ?? '');
}

/** Lets go of a body that nobody reads. */
export function discard({ body }: EgressStream): void {
  body.on('error', () => {});
  drain(body);
}
