import { z } from 'zod';
import { EVERYWHERE, LONGEST_UPSTREAM_NAME, type Principal } from '#contract';
import { listing, moment, momentOf, route, type Route } from '#http';
import { LOCAL_ISSUER } from '#identity';
import { findListedGrant, pageOfGrants, type ListedGrant } from '../store/administration-store.ts';
import { unknownGrant } from './errors.ts';
import { anyId, cut, ofUser, ownerName, userMeant, type AdministrationParts } from './parts.ts';

const grant = z.strictObject({
  id: z.string(),
  user: z.string(),
  owner: z.string().describe('`namespace/name` of whom the tokens are kept for.'),
  upstream: z.string().describe('The identity provider.'),
  state: z.enum(['active', 'reauth_required']).describe('`reauth_required`: the person has to link anew.'),
  scopes: z.array(z.string()),
  since: moment,
  changedAt: moment.describe('When its tokens were last replaced.'),
  expiresAt: moment.nullable().describe('When the access token ends, which is refreshed; null where none was said.'),
});

const tag = 'grants';

/** `/api/v1/grants`, and those of a user: which tokens of people we hold at identity providers, never the tokens. */
export function grantRoutes(parts: AdministrationParts): readonly Route[] {
  const { frame, grants } = parts;
  const { db } = frame.database;
  const one = {
    params: z.strictObject({ id: anyId }),
    where: {
      target: async ({ id }: { readonly id: string }, { kind, iss, sub }: Principal) => {
        const found = await findListedGrant(db, id);
        if (found === undefined) return undefined;
        return { namespace: EVERYWHERE, own: kind === 'user' && iss === LOCAL_ISSUER && sub === found.userId };
      },
      missing: ({ id }: { readonly id: string }) => unknownGrant(id),
    },
  } as const;
  return [
    listing({
      operationId: 'listGrants',
      path: '/grants',
      summary: 'The tokens of people at identity providers that are kept, without the tokens, the newest first',
      tag,
      permission: 'grant.read',
      where: 'everywhere',
      query: z.strictObject({
        user: anyId.optional().describe('The id of a user.'),
        owner: ownerName.optional().describe('`namespace/name`.'),
        upstream: z.string().min(1).max(LONGEST_UPSTREAM_NAME).optional(),
      }),
      item: grant,
      position: z.string(),
      handle: async ({ query: { user: userId, owner, upstream }, limit, after }) =>
        cut(await pageOfGrants(db, { userId, owner, upstream }, { after, limit: limit + 1 }), limit, shown),
    }),
    route({
      ...one,
      operationId: 'revokeGrant',
      method: 'DELETE',
      path: '/grants/{id}',
      summary: 'Forget the tokens of a grant; the identity provider is told with the last one of the user there',
      tag,
      permission: 'grant.revoke',
      status: 204,
      errors: ['GRANT_UNKNOWN'],
      handle: async ({ params: { id }, origin }) => {
        const found = await findListedGrant(db, id);
        if (found === undefined) throw unknownGrant(id);
        const { userId, owner, upstream } = found;
        await grants.revoke({ userId, owner, upstream }, origin);
      },
    }),
    route({
      ...ofUser(parts),
      operationId: 'listGrantsOfUser',
      method: 'GET',
      path: '/users/{id}/grants',
      summary: 'The grants of a user at identity providers, the newest first, 1000 at the most',
      tag,
      permission: 'grant.read',
      errors: ['USER_UNKNOWN'],
      answer: z.strictObject({ items: z.array(grant) }),
      handle: async ({ params, principal }) => {
        const userId = userMeant(params, principal);
        return { items: (await pageOfGrants(db, { userId }, { after: undefined, limit: 1000 })).map(shown) };
      },
    }),
    route({
      ...ofUser(parts),
      operationId: 'revokeGrantsOfUser',
      method: 'DELETE',
      path: '/users/{id}/grants',
      summary: 'Forget the tokens of every grant of a user',
      tag,
      permission: 'grant.revoke',
      errors: ['USER_UNKNOWN'],
      answer: z.strictObject({ revoked: z.int() }),
      handle: async ({ params, principal, origin }) => ({
        revoked: await grants.revoke({ userId: userMeant(params, principal) }, origin),
      }),
    }),
  ];
}

const shown = (one: ListedGrant): z.input<typeof grant> => ({
  id: one.id,
  user: one.userId,
  owner: one.owner,
  upstream: one.upstream,
  state: one.status,
  scopes: [...one.scopes],
  since: momentOf(one.createdAt),
  changedAt: momentOf(one.changedAt),
  expiresAt: momentOf(one.expiresAt),
});
