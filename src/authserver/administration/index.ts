/**
 * authserver/administration: who acts for whom, seen and ended from outside.
 *
 * Owns what administrators and people see and end of token sessions (`token-session-administration.ts`), of OAuth
 * clients (`client-administration.ts`: registered, declared, described by a document; blocked or not) and of
 * grants at identity providers, and the routes of `/api/v1` over it, a file a noun. It reads and writes the
 * database alone, so that a command without a server does the same; servers follow within a second.
 * Does not own: what ends a session for reasons of the protocol (`../token-sessions`, `../provider`), the pages
 * for people (`../pages`).
 * Who may ask is in the table of permissions (`#identity`).
 */
import type { Route } from '#http';
import { clientRoutes } from './client-routes.ts';
import { grantRoutes } from './grant-routes.ts';
import type { AdministrationParts } from './parts.ts';
import { tokenSessionRoutes } from './token-session-routes.ts';

export type { AdministrationParts } from './parts.ts';

/** The routes over the authorization server. */
export const authorizationRoutes = (parts: AdministrationParts): readonly Route[] =>
  [tokenSessionRoutes, clientRoutes, grantRoutes].flatMap((of) => of(parts));
