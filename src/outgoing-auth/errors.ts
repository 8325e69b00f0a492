import { defineErrors } from '#kernel';

/** Why a request to others is not sent: what it takes to authorize it could not be had. */
export const outgoingError = defineErrors('outgoing-auth', {
  CALLER_NOT_SIGNED_IN: {
    status: 403,
    title: 'the tool acts in the name of a person, and the caller did not come with a sign-in of one',
    remedy:
      'Call with an access token that a client got when you signed in at this server. Keys, certificates, the command line and delegated tokens have no accounts of people behind them.',
  },
  UPSTREAM_NOT_ALLOWED: {
    status: 403,
    title: 'the sign-in of the caller does not reach the identity provider that the tool needs',
    remedy:
      'Sign in anew with the client and allow it to use your accounts. Whoever runs the server decides by `upstreams` of `authorizationServer` which providers there are.',
  },
  ACCOUNT_NOT_LINKED: {
    status: 403,
    title: 'the tool needs an account of the caller that is not linked, or not any more',
    remedy: 'Open the address in the message, link the account, and make the same call again.',
  },
  GRANT_UNAVAILABLE: {
    status: 503,
    title: 'the account of the caller cannot be used now: its identity provider does not answer',
    remedy: 'Call again after the seconds in `Retry-After`. Nothing has to be linked anew.',
  },
  OUTGOING_FILE_UNREADABLE: {
    status: 503,
    title: 'a certificate, key or token that the requests of the tool need cannot be read from its file',
    remedy: 'Check the files in `auth` of the source, and that the server may read them; the next call tries again.',
  },
  OUTGOING_TOKEN_REFUSED: {
    status: 502,
    title: 'a token endpoint gave no token for the request that the tool was to make',
    remedy:
      'The message has the code that it answered with (RFC 6749 §5.2). Check the client, the scopes and the audience in `auth` of the source, and what the endpoint allows them.',
  },
});
