/**
 * The canonical form of a resource indicator (RFC 8707 §2; MCP authorization, "Canonical Server URI"): what the
 * URL parser makes of it, without a slash at the end of the path. Clients differ in that slash, and both mean
 * one resource.
 *
 * Undefined for what names no resource: a relative reference, a fragment, a user or password, a query, and a
 * path that climbs or is written in two ways, since another reader may resolve it to another resource.
 */
export function canonicalResource(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  if (text.includes('#') || text.includes('?') || url.username !== '' || url.password !== '') return undefined;
  const path = text.replace(/^[a-z]+:\/\/[^/]*/i, '');
  if (path !== '' && url.pathname !== path) return undefined;
  if (/%|\/\//.test(url.pathname)) return undefined;
  return url.origin + url.pathname.replace(/\/$/, '');
}
