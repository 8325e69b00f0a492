import { isLoopbackHost } from '#contract';
import { reveal, type Secret } from '#kernel';
import { cliError } from '../errors.ts';
import type { AnswerPieces, Transport } from './client.ts';

const LONGEST_MS = 120_000;
/** Where much has to be found and proven before the first byte. */
const LONGEST_SILENCE_MS = 5 * 60_000;

/**
 * The origin of a server. Throws `SERVER_ADDRESS_REFUSED` for an address that is none, and for one to
 * which a credential would travel in the clear.
 */
export function checkServer(server: string): string {
  const url = URL.parse(server);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw cliError(
      'SERVER_ADDRESS_REFUSED',
      `\`${server}\` is not the address of a server, such as https://tools.example.com`,
    );
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw cliError('SERVER_ADDRESS_REFUSED', `to \`${url.host}\` the credential would travel in the clear; use https`);
  }
  return url.origin;
}

/** Requests to a server, by its origin. */
export function httpTransport(base: string, credential: Secret): Transport {
  return async ({ method, target, headers, body, patient }) => {
    const silence = new Silence(patient ? LONGEST_SILENCE_MS : LONGEST_MS);
    let answer: Response;
    try {
      answer = await fetch(`${base}${target}`, {
        method,
        headers: { ...headers, authorization: `Bearer ${reveal(credential)}` },
        ...(body !== undefined && { body: new Uint8Array(body) }),
        // A redirect would take the credential along, or lose the change on the way.
        redirect: 'error',
        signal: silence.signal,
      });
    } catch (cause) {
      silence.end();
      throw unreachable(base, 'does not answer', cause);
    }
    const pieces = piecesOf(answer, base, silence);
    return { status: answer.status, etag: answer.headers.get('etag') ?? undefined, pieces };
  };
}

/** Aborts when a server has said nothing for so long: what keeps coming may take its time. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(longestMs: number) {
    const abort = (): void => this.#controller.abort(new Error('it said nothing for too long'));
    this.#timer = setTimeout(abort, longestMs);
    // A body that nobody reads must not keep the process.
    this.#timer.unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** `next` throws `SERVER_UNREACHABLE` when the server stops before it has said all: half a document is none. */
function piecesOf({ body }: Response, base: string, silence: Silence): AnswerPieces {
  const reader = body?.getReader();
  const end = { done: true, value: undefined } as const;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const read = (await reader?.read()) ?? end;
        if (read.done) silence.end();
        else silence.broken();
        return read.done ? end : read;
      } catch (cause) {
        silence.end();
        throw unreachable(base, 'stopped before the end of its answer', cause);
      }
    },
    async return() {
      silence.end();
      await reader?.cancel().catch(() => undefined);
      return end;
    },
  };
}

function unreachable(base: string, what: string, thrown: unknown): Error {
  const { code, message } = ((thrown as Error).cause ?? thrown) as NodeJS.ErrnoException;
  return cliError('SERVER_UNREACHABLE', `\`${base}\` ${what} (${code ?? message})`, { cause: thrown });
}
