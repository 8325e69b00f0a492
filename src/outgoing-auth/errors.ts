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
});
