import { defineErrors } from '#kernel';

/** What can be wrong with a wish about token sessions, clients and grants. */
export const administrationError = defineErrors('authserver administration', {
  TOKEN_SESSION_UNKNOWN: {
    status: 404,
    title: 'there is no such token session',
    remedy: '`chatelaine token-session list` shows those that go on.',
  },
  OAUTH_CLIENT_UNKNOWN: {
    status: 404,
    title: 'there is no such OAuth client',
    remedy:
      '`chatelaine client list` shows every client. A client that publishes a metadata document is called by its URL.',
  },
  OAUTH_CLIENT_NOT_REGISTERED: {
    status: 409,
    title: 'only clients that registered themselves can be deleted',
    remedy: 'Block the client, or take its `kind: client` document out of the configuration.',
  },
  OAUTH_CLIENT_BUILT_IN: {
    status: 409,
    title: 'the client belongs to Chatelaine itself',
    remedy: 'End its token sessions instead: `chatelaine client end chatelaine-cli`.',
  },
  GRANT_UNKNOWN: {
    status: 404,
    title: 'there is no such grant',
    remedy: '`chatelaine grant list` shows every grant.',
  },
});

/** What is not there, and what the caller may not see. */
export const unknownTokenSession = (id: string) =>
  administrationError('TOKEN_SESSION_UNKNOWN', `there is no token session \`${id.slice(0, 26)}\``);
export const unknownClient = (id: string) =>
  administrationError('OAUTH_CLIENT_UNKNOWN', `there is no OAuth client \`${id.slice(0, 200)}\``);
export const unknownGrant = (id: string) =>
  administrationError('GRANT_UNKNOWN', `there is no grant \`${id.slice(0, 26)}\``);
