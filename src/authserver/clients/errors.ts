import { defineErrors } from '#kernel';

/** What can be wrong with a registration. `details.error` is the word of RFC 7591 §3.2.2 for the wire. */
export const clientError = defineErrors('oauth clients', {
  CLIENT_METADATA_REFUSED: {
    status: 400,
    title: 'a client cannot register like this',
    remedy: 'The message names the member and what is wrong with it; correct it and register again.',
  },
  CLIENT_REGISTRATION_THROTTLED: {
    status: 429,
    title: 'too many clients register',
    remedy: 'Register once and keep the `client_id`. Wait as long as the message says.',
  },
  CLIENT_REGISTRATIONS_FULL: {
    status: 503,
    title: 'there are as many registered clients as may be',
    remedy:
      'Wait until registrations that nobody used have expired, publish a client metadata document, or declare the client with `kind: client`.',
  },
  CLIENT_TOKEN_REFUSED: {
    status: 401,
    title: 'a registration access token does not count for this client',
    remedy: 'Use the token that the registration, or its last change, answered with. Who lost it registers again.',
  },
});
