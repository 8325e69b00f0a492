import { isRecord, parseStrictJson } from '#kernel';
import type { EgressClient, EgressResponse } from '#egress';
import { upstreamError } from './errors.ts';

/** Of one exchange with a provider: whoever signs in is told within ten seconds that it does not answer. */
export const TIMEOUT_MS = 8_000;
export const MAX_ANSWER_BYTES = 1024 * 1024;

/** What `openid-client` hands to the `fetch` that it is given. */
export interface FetchRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Errors of refreshing and redeeming that GitHub has its own words for. */
const SPOKEN_OTHERWISE: Readonly<Record<string, string>> = {
  bad_refresh_token: 'invalid_grant',
  bad_verification_code: 'invalid_grant',
  incorrect_client_credentials: 'invalid_client',
  redirect_uri_mismatch: 'invalid_client',
};

/**
 * A `fetch` over the guarded way out. It follows nothing: a redirect would carry a code, a secret or a token
 * wherever it leads, and metadata has no business elsewhere.
 */
export function upstreamFetch(client: EgressClient): (url: string, request: FetchRequest) => Promise<Response> {
  return async (url, { method = 'GET', headers = {}, body, signal }) => {
    const answer = await client.request({
      method,
      url: new URL(url),
      headers,
      body: textOf(body),
      follow: 'never',
      signal: signal ?? new AbortController().signal,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (answer.truncated) {
      throw upstreamError('UPSTREAM_UNTRUSTED', `an answer of \`${new URL(url).origin}\` is larger than 1 MiB`);
    }
    return responseOf(answer, method === 'POST');
  };
}

function textOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString();
  throw new TypeError('a request to a provider is a form or nothing');
}

function responseOf({ status, headers, body }: EgressResponse, isForm: boolean): Response {
  // What was compressed is not any more.
  const { 'content-encoding': _, 'content-length': __, ...kept } = headers;
  const error = isForm && status === 200 ? errorOf(body) : undefined;
  if (error !== undefined) return new Response(JSON.stringify({ error }), { status: 400, headers: kept });
  return new Response(status === 204 ? null : new Uint8Array(body), { status, headers: kept });
}

/** The error of an answer that says 200 all the same, as GitHub's and Slack's do (against RFC 6749 §5.2). */
function errorOf(body: Buffer): string | undefined {
  const parsed = parseStrictJson(body);
  if (!parsed.ok || !isRecord(parsed.value) || 'access_token' in parsed.value) return undefined;
  const { error } = parsed.value;
  if (typeof error !== 'string') return undefined;
  return Object.hasOwn(SPOKEN_OTHERWISE, error) ? SPOKEN_OTHERWISE[error] : error;
}
