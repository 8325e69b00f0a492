import { z } from 'zod';
import type { Principal } from '#contract';
import { listing, moment, momentOf, route, type Route } from '#http';
import type { TokenSession } from '../store/token-sessions-store.ts';
import { unknownTokenSession } from './errors.ts';
import { anyId, authorOf, clientId, cut, ofUser, ownerName, userMeant, type AdministrationParts } from './parts.ts';
import { TokenSessionAdministration } from './token-session-administration.ts';

const tokenSession = z.strictObject({
  id: z.string().describe('The `tsid` of its tokens.'),
  user: z.string(),
  client: z.strictObject({ id: z.string(), name: z.string().describe('As it called itself at consent.') }),
  owner: z.string().describe('`namespace/name` of whom its tokens are for.'),
  resource: z.string().describe('The audience of its tokens.'),
  scopes: z.array(z.string()),
  state: z.enum(['active', 'expired', 'ended']),
  createdAt: moment,
  lastUsedAt: moment.describe('When tokens were last issued.'),
  expiresAt: moment.describe('Until when it goes on without a use.'),
  endedAt: moment.nullable(),
  endedBecause: z.string().nullable(),
});

const state = z.enum(['active', 'ended', 'all']).default('active');
const tag = 'token sessions';

/** `/api/v1/token-sessions`, and those of a user. */
export function tokenSessionRoutes(parts: AdministrationParts): readonly Route[] {
  const sessions = new TokenSessionAdministration(parts);
  const { clock } = parts.frame;
  const one = {
    params: z.strictObject({ id: anyId }),
    where: {
      target: ({ id }: { readonly id: string }, principal: Principal) => sessions.placeOf(principal, id),
      missing: ({ id }: { readonly id: string }) => unknownTokenSession(id),
    },
  } as const;

  const shown = (session: TokenSession): z.input<typeof tokenSession> => ({
    id: session.id,
    user: session.userId,
    client: { id: session.clientId, name: session.clientName },
    owner: session.owner,
    resource: session.resource,
    scopes: [...session.scopes],
    state: session.endedAt !== null ? 'ended' : session.expiresAt > clock.now() ? 'active' : 'expired',
    createdAt: momentOf(session.createdAt),
    lastUsedAt: momentOf(session.lastUsedAt),
    expiresAt: momentOf(session.expiresAt),
    endedAt: momentOf(session.endedAt),
    endedBecause: session.endedBecause,
  });

  return [
    listing({
      operationId: 'listTokenSessions',
      path: '/token-sessions',
      summary: 'Who acts for whom through which client: token sessions, the newest first',
      tag,
      permission: 'token-session.read',
      where: 'everywhere',
      query: z.strictObject({
        user: anyId.optional().describe('The id of a user.'),
        client: clientId.optional().describe('A `client_id`.'),
        owner: ownerName.optional().describe('`namespace/name`.'),
        state,
      }),
      item: tokenSession,
      position: z.string(),
      handle: async ({ query, limit, after }) => {
        const { user: userId, client, owner } = query;
        const filter = { userId, clientId: client, owner, state: query.state };
        return cut(await sessions.page(filter, { after, limit: limit + 1 }), limit, shown);
      },
    }),
    route({
      ...one,
      operationId: 'getTokenSession',
      method: 'GET',
      path: '/token-sessions/{id}',
      summary: 'One token session',
      tag,
      permission: 'token-session.read',
      errors: ['TOKEN_SESSION_UNKNOWN'],
      answer: tokenSession,
      handle: async (call) => shown(await sessions.show(authorOf(call), call.params.id)),
    }),
    route({
      ...one,
      operationId: 'endTokenSession',
      method: 'DELETE',
      path: '/token-sessions/{id}',
      summary: 'End a token session and all its tokens, here at once and elsewhere within a second',
      tag,
      permission: 'token-session.end',
      status: 204,
      errors: ['TOKEN_SESSION_UNKNOWN'],
      handle: (call) => sessions.end(authorOf(call), call.params.id),
    }),
    route({
      operationId: 'endTokenSessions',
      method: 'POST',
      path: '/token-sessions/end',
      summary: 'End all token sessions of a user, a client, an owner, or of what is of all that are named',
      tag,
      permission: 'token-session.end-all',
      where: 'everywhere',
      body: z
        .strictObject({ user: anyId.optional(), client: clientId.optional(), owner: ownerName.optional() })
        .refine(({ user, client, owner }) => (user ?? client ?? owner) !== undefined, {
          error: 'names nobody: give `user`, `client` or `owner`',
        }),
      answer: z.strictObject({ ended: z.int() }),
      handle: async (call) => {
        const { user: userId, client, owner } = call.body;
        return { ended: await sessions.endAll(authorOf(call), { userId, clientId: client, owner }) };
      },
    }),
    route({
      ...ofUser(parts),
      operationId: 'listTokenSessionsOfUser',
      method: 'GET',
      path: '/users/{id}/token-sessions',
      summary: 'Which programs act for a user: their token sessions that go on, the newest first, 1000 at the most',
      tag,
      permission: 'token-session.read',
      errors: ['USER_UNKNOWN'],
      answer: z.strictObject({ items: z.array(tokenSession) }),
      handle: async ({ params, principal }) => {
        const filter = { userId: userMeant(params, principal), state: 'active' } as const;
        return { items: (await sessions.page(filter, { after: undefined, limit: 1000 })).map(shown) };
      },
    }),
    route({
      ...ofUser(parts),
      operationId: 'endTokenSessionsOfUser',
      method: 'DELETE',
      path: '/users/{id}/token-sessions',
      summary: 'End every token session of a user',
      tag,
      permission: 'token-session.end',
      errors: ['USER_UNKNOWN'],
      answer: z.strictObject({ ended: z.int() }),
      handle: async (call) => {
        const userId = userMeant(call.params, call.principal);
        const place = await parts.users.placeOf(call.principal, userId);
        return { ended: await sessions.endAll(authorOf(call), { userId }, place) };
      },
    }),
  ];
}
