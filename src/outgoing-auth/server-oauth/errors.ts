import { defineErrors } from '#kernel';

/** Why a request to an MCP server is not sent, or not again, with a token of its own authorization server. */
export const serverOAuthError = defineErrors('outgoing-auth', {
  TOKEN_FOR_ANOTHER_RESOURCE: {
    status: 502,
    title: 'a token of an MCP server was to be sent to another address than that of the server',
    remedy: 'The server, or somebody on the way, leads requests elsewhere. Correct its `url`, or do not trust it.',
  },
  OWN_TOKEN_UNAVAILABLE: {
    status: 503,
    title: 'a token of our own for an MCP server is had by an authorization server, and none runs here',
    remedy:
      'Call the tool at a server that is reached at its `publicUrl`. A command, and a server at standard input, have no such tokens.',
  },
  STEP_UP_REFUSED: {
    status: 403,
    title: 'an MCP server asks for more than it may be given',
    remedy:
      'Add the scopes to `scopes` in `auth` of the server, if it is to have them. Where it goes on asking for what it was given, correct the server.',
  },
});
