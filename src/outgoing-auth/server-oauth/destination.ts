import type { ProtectedServer } from '#contract';
import { serverOAuthError } from './errors.ts';

/** Whether a token for the server may go there: to its endpoint, and nowhere that a redirect leads (RFC 8707 §1). */
export function checkDestination({ name, url }: Pick<ProtectedServer, 'name' | 'url'>, to: URL): void {
  const endpoint = new URL(url);
  const path = endpoint.pathname.replace(/\/$/, '');
  const isBelow = to.pathname === path || to.pathname.startsWith(`${path}/`);
  if (to.origin === endpoint.origin && isBelow && to.username === '' && to.password === '') return;
  throw serverOAuthError(
    'TOKEN_FOR_ANOTHER_RESOURCE',
    `a token for the MCP server \`${name}\` is not for \`${to.origin}${to.pathname}\``,
  );
}
