import { createHmac } from 'node:crypto';
import { equalBytes } from '#kernel';

/**
 * Against forms that other sites send in a person's name: a token in every form that only the page
 * could know (synchronizer token, OWASP), and where the browser says the request comes from. Both must
 * hold. The token is derived from the cookie it is bound to, so there is nothing to keep and nothing
 * that outlives the session; from the token the cookie cannot be computed.
 */
export const csrfToken = (cookie: string): string =>
  createHmac('sha256', cookie).update('chatelaine form').digest('base64url');

export const isCsrfToken = (presented: string, cookie: string): boolean =>
  equalBytes(Buffer.from(presented), Buffer.from(csrfToken(cookie)));

/** What a browser says about where a request comes from. */
export interface RequestSource {
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
}

/**
 * Whether a state-changing request comes from our own page. `Origin` is on every such request of every
 * browser of today and cannot be set by a page; `null` (a sandboxed frame, a data: URL) is nobody. Without
 * it there is no browser behind the cookie, and cookies are for browsers: refused.
 */
export function isOwnPage({ origin, secFetchSite }: RequestSource, publicUrl: URL): boolean {
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin') return false;
  return origin !== undefined && isOwnOrigin(origin, publicUrl);
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function isOwnOrigin(origin: string, publicUrl: URL): boolean {
  if (origin === publicUrl.origin) return true;
  // One machine under its three names; no page of another machine has any of them.
  const given = URL.parse(origin);
  return (
    given !== null &&
    given.origin === origin &&
    LOOPBACK.has(given.hostname) &&
    LOOPBACK.has(publicUrl.hostname) &&
    given.port === publicUrl.port &&
    given.protocol === publicUrl.protocol
  );
}
