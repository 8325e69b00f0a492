import type { ProofFault } from '#contract';
import { ChatelaineError, errorCatalogues, retryAfterOf, type Logger } from '#kernel';
import { httpError } from './errors.ts';
import type { Incoming } from './incoming.ts';

/** What a route answers, as a door sends it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; undefined for none. */
  readonly body: string | undefined;
  /** Of a stream, in the place of a body: read to its end, or returned. */
  readonly pieces?: AsyncIterableIterator<string | Uint8Array>;
}

/** The body of every answer that is no success (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  /** Stable; `docs/reference/errors.md` lists all of them. */
  readonly code: string;
  readonly remedy: string;
  readonly errors?: unknown;
}

/** The problem that an error is at this door. Its type is a name and not an address: nothing is fetched. */
export function problemOf(error: ChatelaineError, requestId: string): Problem {
  return {
    type: `urn:chatelaine:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: titleOf(error.code),
    status: error.status,
    detail: error.message,
    instance: `urn:chatelaine:request:${requestId}`,
    code: error.code,
    remedy: error.remedy,
    ...(error.details?.['violations'] !== undefined && { errors: error.details['violations'] }),
  };
}

/** The answer for whatever was thrown. What is no error of a catalogue is logged, and told as a fault. */
export function refusal(
  thrown: unknown,
  { requestId, challenge }: Pick<Incoming, 'requestId' | 'challenge'>,
  log: Logger,
): Answer {
  const error = thrown instanceof ChatelaineError ? thrown : faultOf(thrown, requestId);
  if (error.status >= 500) log.error({ err: thrown, requestId }, 'a request to the API met a fault of the server');
  const wanted = challenge?.(error);
  const { allow, proof } = error.details ?? {};
  const seconds = retryAfterOf(error);
  const nonce = (proof as ProofFault | undefined)?.nonce;
  return {
    status: error.status,
    headers: {
      'content-type': 'application/problem+json',
      ...(wanted !== undefined && { 'www-authenticate': wanted }),
      ...(nonce !== undefined && { 'dpop-nonce': nonce }),
      ...(typeof allow === 'string' && { allow }),
      ...(seconds !== undefined && { 'retry-after': String(seconds) }),
    },
    body: JSON.stringify(problemOf(error, requestId)),
  };
}

const faultOf = (cause: unknown, requestId: string): ChatelaineError =>
  httpError('API_FAULT', `the request met a fault of the server; its log has more under \`${requestId}\``, { cause });

/** The catalogue is searched once for each code. */
const titles = new Map<string, string>();

function titleOf(code: string): string {
  let title = titles.get(code);
  if (title === undefined) {
    title = errorCatalogues.find(({ entries }) => code in entries)?.entries[code]?.title ?? 'an error';
    titles.set(code, title);
  }
  return title;
}
