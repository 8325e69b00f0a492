import type { EgressClient } from '#egress';

const LARGEST = 64 * 1024;
const TIMEOUT_MS = 5000;

/**
 * `fetch` for a library that looks up what a client names (its `jwks_uri`), inside the egress rules: no
 * redirect, five seconds, 64 KiB. Throws as `EgressClient.request` does, and for what is longer.
 */
export function guardedFetch(egress: Pick<EgressClient, 'request'>): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { body, method = 'GET' } = init;
    if (body !== undefined && body !== null && typeof body !== 'string' && !(body instanceof URLSearchParams)) {
      throw new TypeError('a body that is no text is not sent');
    }
    const signal = init.signal ?? AbortSignal.timeout(TIMEOUT_MS);
    const response = await egress.request({
      ...{ method, url, signal },
      headers: Object.fromEntries(new Headers(init.headers)),
      body: body?.toString(),
      follow: 'never',
      timeoutMs: TIMEOUT_MS,
      maxBytes: LARGEST,
    });
    if (response.truncated) throw new TypeError(`\`${url.origin}\` answered with more than ${LARGEST} bytes`);
    const { status, headers } = response;
    const { 'content-encoding': _done, 'content-length': _length, ...kept } = headers;
    const empty = status === 204 || status === 304;
    return new Response(empty ? null : new Uint8Array(response.body), { status, headers: kept });
  };
}
