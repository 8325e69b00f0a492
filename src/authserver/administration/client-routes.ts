import { z } from 'zod';
import { listing, moment, momentOf, route, type Route } from '#http';
import { ClientAdministration, type KnownClient } from './client-administration.ts';
import { authorOf, clientId, type AdministrationParts } from './parts.ts';

const ORIGINS = ['declared', 'document', 'dynamic'] as const;

const oauthClient = z.strictObject({
  clientId: z.string(),
  origin: z
    .enum(ORIGINS)
    .describe('`declared`: in the configuration; `document`: at its identifier; `dynamic`: it registered itself.'),
  name: z.string().nullable().describe('What people are shown; of a `document`, as they last saw it.'),
  redirectUris: z.array(z.string()).describe('Of a `document` none: it is not fetched for this.'),
  grants: z.array(z.string()),
  authMethod: z.string().nullable(),
  state: z.enum(['active', 'blocked', 'expired']).describe('`expired`: it registered and never got a token.'),
  sessions: z.int().describe('How many token sessions of it go on.'),
  createdAt: moment.nullable().describe('When it registered, or was first let in.'),
  lastUsedAt: moment.nullable(),
  blockedAt: moment.nullable(),
});

const named = z.strictObject({ clientId });
const tag = 'oauth clients';

/** `/api/v1/oauth-clients`. Which one is blocked stands in the body: an identifier may be longer than a path. */
export function clientRoutes(parts: AdministrationParts): readonly Route[] {
  const clients = new ClientAdministration(parts);
  const one = { params: z.strictObject({ id: clientId }), where: 'everywhere', tag } as const;
  return [
    listing({
      operationId: 'listOAuthClients',
      path: '/oauth-clients',
      summary: 'The OAuth clients that there are: declared, described by a document that people let in, registered',
      tag,
      permission: 'oauth-client.read',
      where: 'everywhere',
      query: z.strictObject({}),
      item: oauthClient,
      position: z.strictObject({ origin: z.enum(ORIGINS), clientId: z.string() }),
      handle: async ({ limit, after }) => {
        const found = await clients.page(after, limit);
        const page = found.slice(0, limit);
        const last = page.at(-1);
        const isMore = found.length > limit && last !== undefined;
        return { items: page.map(shown), next: isMore ? { origin: last.origin, clientId: last.clientId } : undefined };
      },
    }),
    route({
      ...one,
      operationId: 'getOAuthClient',
      method: 'GET',
      path: '/oauth-clients/{id}',
      summary: 'One OAuth client; what is at its identifier is not fetched',
      permission: 'oauth-client.read',
      errors: ['OAUTH_CLIENT_UNKNOWN'],
      answer: oauthClient,
      handle: async ({ params }) => shown(await clients.show(params.id)),
    }),
    route({
      ...one,
      operationId: 'deleteOAuthClient',
      method: 'DELETE',
      path: '/oauth-clients/{id}',
      summary: 'Delete a client that registered itself, with its tokens and what people allowed it',
      permission: 'oauth-client.delete',
      status: 204,
      errors: ['OAUTH_CLIENT_UNKNOWN', 'OAUTH_CLIENT_NOT_REGISTERED'],
      handle: (call) => clients.delete(authorOf(call), call.params.id),
    }),
    route({
      operationId: 'blockOAuthClient',
      method: 'POST',
      path: '/oauth-clients/block',
      summary: 'Block a client: it neither gets tokens nor uses those it has, and its token sessions end',
      tag,
      permission: 'oauth-client.block',
      where: 'everywhere',
      body: named,
      errors: ['OAUTH_CLIENT_UNKNOWN', 'OAUTH_CLIENT_BUILT_IN'],
      answer: oauthClient,
      handle: async (call) => shown(await clients.block(authorOf(call), call.body.clientId)),
    }),
    route({
      operationId: 'unblockOAuthClient',
      method: 'POST',
      path: '/oauth-clients/unblock',
      summary: 'Let a blocked client ask for tokens again; what ended stays ended',
      tag,
      permission: 'oauth-client.unblock',
      where: 'everywhere',
      body: named,
      errors: ['OAUTH_CLIENT_UNKNOWN'],
      answer: oauthClient,
      handle: async (call) => shown(await clients.unblock(authorOf(call), call.body.clientId)),
    }),
  ];
}

const shown = (client: KnownClient): z.input<typeof oauthClient> => ({
  clientId: client.clientId,
  origin: client.origin,
  name: client.name ?? null,
  redirectUris: [...client.redirectUris],
  grants: [...client.grants],
  authMethod: client.authMethod ?? null,
  state: client.state,
  sessions: client.sessions,
  createdAt: momentOf(client.createdAt ?? null),
  lastUsedAt: momentOf(client.lastUsedAt ?? null),
  blockedAt: momentOf(client.blockedAt ?? null),
});
