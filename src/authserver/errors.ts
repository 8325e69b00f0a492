import { defineErrors } from '#kernel';

/** What the authorization server says on its pages and to programs, where no RFC has a code for it. */
export const authServerError = defineErrors('authserver', {
  ACCOUNT_NOT_ALLOWED: {
    status: 403,
    title: 'no program of the person may use an account at that upstream',
    remedy: 'Begin in the program that needs the account, and allow it to use it.',
  },
  ACCOUNT_OF_ANOTHER: {
    status: 403,
    title: 'somebody else was to link an account with this address',
    remedy: 'Sign in as the person who uses the program that sent you here, or close this page.',
  },
  OAUTH_BODY_TOO_LARGE: {
    status: 413,
    title: 'the body of a request to the authorization server is too large',
    remedy: 'Send what the RFC asks for; no request of it is larger than a few thousand bytes.',
  },
  OAUTH_METHOD_UNKNOWN: {
    status: 405,
    title: 'an endpoint for programs was asked by another method than POST',
    remedy: 'Send a form by POST. What was in an address may lie in logs: replace it.',
  },
  OAUTH_PATH_UNKNOWN: {
    status: 404,
    title: 'the authorization server has no such path',
    remedy: 'The metadata at `/.well-known/oauth-authorization-server` have every endpoint as it is written.',
  },
  OAUTH_QUERY_REFUSED: {
    status: 400,
    title: 'an endpoint for programs got parameters in its address',
    remedy:
      'Send them in the body, `application/x-www-form-urlencoded`. What was in an address may lie in logs: replace it.',
  },
  OAUTH_REGISTRATION_CLOSED: {
    status: 403,
    title: 'clients do not register themselves here',
    remedy: 'Declare the client with `kind: client`, or let it publish a client metadata document.',
  },
  OAUTH_REQUEST_GONE: {
    status: 400,
    title: 'the sign-in was begun too long ago, in another browser, or is finished',
    remedy: 'Go back to the program that sent you here and begin again.',
  },
  OAUTH_SIGN_OUT_REFUSED: {
    status: 400,
    title: 'a program asks for a sign-out that is not its own to ask for',
    remedy: 'Nobody was signed out. To sign out, open `/console/account`.',
  },
  OAUTH_THROTTLED: {
    status: 429,
    title: 'there were too many requests, or too many wrong secrets or codes',
    remedy: 'Wait as long as `Retry-After` says. A client is let in from where it was before.',
  },
  OAUTH_TOO_MANY_PARAMETERS: {
    status: 400,
    title: 'a request to the authorization server has too many parameters',
    remedy: 'Send what the RFC asks for, each once.',
  },
});
