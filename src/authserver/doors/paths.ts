/** Which paths are the authorization server's, and which of them are pages for people. Pure. */
import type { IncomingMessage } from 'node:http';
import { LINK, upstreamOfCallback } from '../federation/index.ts';
import { CONNECTIONS } from '../pages/connections-page.ts';
import { INTERACTION, ROUTES } from '../provider/settings.ts';

/** Metadata, at the root and with a path behind (RFC 8414 §3.1). */
export const METADATA = /^\/\.well-known\/(oauth-authorization-server|openid-configuration)(?:\/.*)?$/;
export const KEYS = '/.well-known/jwks.json';

/** Whether a path is the authorization server's, also where none is open yet. */
export const isAuthorizationServerPath = (path: string): boolean =>
  path.startsWith('/oauth/') || path === CONNECTIONS || path === LINK || path === KEYS || METADATA.test(path);

/** Pages for people, as against what programs ask for. */
export const isPage = (path: string): boolean =>
  path === CONNECTIONS ||
  path === LINK ||
  path === ROUTES.end_session ||
  path.startsWith(`${INTERACTION}/`) ||
  upstreamOfCallback(path) !== undefined;

export const pathOf = ({ url = '/' }: Pick<IncomingMessage, 'url'>): string => url.split('?', 1)[0] as string;
