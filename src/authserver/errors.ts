import { defineErrors } from '#kernel';

/** What the authorization server says on its pages and to programs, where no RFC has a code for it. */
export const authServerError = defineErrors('authserver', {
  OAUTH_BODY_TOO_LARGE: {
    status: 413,
    title: 'the body of a request to the authorization server is too large',
    remedy: 'Send what the RFC asks for; no request of it is larger than a few thousand bytes.',
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
});
