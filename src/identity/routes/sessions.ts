import { z } from 'zod';
import type { Principal } from '#contract';
import { moment, momentOf, route, type Route } from '#http';
import type { Session } from '../sessions/session.ts';
import { unknownUser } from '../users/user-directory.ts';
import { anyId, type RouteParts } from './parts.ts';

const sessionAnswer = z.strictObject({
  id: z.string(),
  kind: z.enum(['browser', 'cli']),
  amr: z.array(z.string()).describe('How the person proved who they are (RFC 8176).'),
  authTime: moment.describe('When they last did.'),
  createdAt: moment,
  lastSeenAt: moment.describe('To the minute.'),
  expiresAt: moment,
  address: z.string().describe('Where it began.'),
  device: z.string().describe('What the browser or the program called itself then.'),
});

const ofUser = z.strictObject({ id: anyId });
type UserId = z.output<typeof ofUser>;

/** `/api/v1/users/{id}/sessions`. */
export function sessionRoutes({ users, sessions }: RouteParts): readonly Route[] {
  const where = {
    target: ({ id }: UserId, principal: Principal) => users.placeOf(principal, id),
    missing: ({ id }: UserId) => unknownUser(id),
  };
  return [
    route({
      where,
      params: ofUser,
      operationId: 'listSessions',
      method: 'GET',
      path: '/users/{id}/sessions',
      summary: 'The sessions of a user that go on, the one used last first',
      tag: 'sessions',
      permission: 'session.read',
      errors: ['USER_UNKNOWN'],
      answer: z.strictObject({ items: z.array(sessionAnswer) }),
      handle: async ({ params }) => ({ items: (await sessions.list(params.id)).map(shownSession) }),
    }),
    route({
      where,
      params: ofUser,
      operationId: 'endSessions',
      method: 'DELETE',
      path: '/users/{id}/sessions',
      summary: 'End every session of a user, here at once and elsewhere within a second',
      tag: 'sessions',
      permission: 'session.revoke',
      errors: ['USER_UNKNOWN'],
      answer: z.strictObject({ ended: z.int() }),
      handle: async ({ params, origin }) => ({ ended: await sessions.endAll(origin, params.id) }),
    }),
    route({
      where,
      params: ofUser.extend({ session: anyId }),
      operationId: 'endSession',
      method: 'DELETE',
      path: '/users/{id}/sessions/{session}',
      summary: 'End one session of a user',
      tag: 'sessions',
      permission: 'session.revoke',
      status: 204,
      errors: ['USER_UNKNOWN', 'SESSION_UNKNOWN'],
      handle: ({ params, origin }) => sessions.end(origin, params.id, params.session),
    }),
  ];
}

const shownSession = (session: Session): z.input<typeof sessionAnswer> => ({
  id: session.id,
  kind: session.kind,
  amr: [...session.amr],
  authTime: momentOf(session.authTime),
  createdAt: momentOf(session.createdAt),
  lastSeenAt: momentOf(session.lastSeenAt),
  expiresAt: momentOf(session.expiresAt),
  address: session.address,
  device: session.device,
});
