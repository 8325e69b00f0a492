/**
 * identity/routes: who there is and what they may do, as routes of `/api/v1`.
 *
 * A file a noun. Who may ask is checked twice: by the frame, from what is known before the body, and by the
 * service in the transaction of the change, which knows whom it touches and what it gives.
 */
import type { Route } from '#http';
import { agentRoutes } from './agents.ts';
import { bindingRoutes } from './bindings.ts';
import { groupRoutes } from './groups.ts';
import { keyRoutes } from './keys.ts';
import { namespaceRoutes } from './namespaces.ts';
import type { RouteParts } from './parts.ts';
import { registrationRoutes } from './registration.ts';
import { sessionRoutes } from './sessions.ts';
import { userRoutes } from './users.ts';

/** The routes over identity. */
export const identityRoutes = (parts: RouteParts): readonly Route[] =>
  [
    userRoutes,
    sessionRoutes,
    agentRoutes,
    keyRoutes,
    groupRoutes,
    bindingRoutes,
    namespaceRoutes,
    registrationRoutes,
  ].flatMap((of) => of(parts));
