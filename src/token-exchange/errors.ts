import { defineErrors } from '#kernel';

/** Why the authorization server could not be asked for a token, by the side that is at fault. */
export const exchangeError = defineErrors('token-exchange', {
  EXCHANGE_UNREACHABLE: {
    status: 503,
    title: 'the authorization server cannot be reached for an exchange',
    remedy: 'See that its internal listener runs, and that nothing between lets the connection through to elsewhere.',
  },
  EXCHANGE_UNTRUSTED: {
    status: 503,
    title: 'who answers for the authorization server is not who it should be',
    remedy: 'See that `ca` has its authority, and that its certificate has the expected SPIFFE ID or host name.',
  },
  EXCHANGE_NOT_ADMITTED: {
    status: 503,
    title: 'the authorization server does not let our certificate in',
    remedy:
      'Its record says why. See that the certificate is of an authority in its bundle, is valid, and that its SPIFFE ID stands in a `kind: owner`.',
  },
  EXCHANGE_CUT_OFF: {
    status: 503,
    title: 'the authorization server ended the connection without an answer',
    remedy:
      'It does so in the handshake with a certificate that nobody in its bundle vouches for, that has expired or was revoked: see ours, and `chatelaine_tls_handshakes_failed_total` there. While it starts anew it passes.',
  },
  EXCHANGE_TIMEOUT: {
    status: 504,
    title: 'the authorization server did not answer an exchange in time',
    remedy: 'See how it is; the call can be made again.',
  },
  EXCHANGE_UNAVAILABLE: {
    status: 503,
    title: 'the authorization server cannot answer an exchange now',
    remedy: 'Its log says why; the call can be made again.',
  },
  EXCHANGE_UNREADABLE: {
    status: 502,
    title: 'the answer to an exchange is none',
    remedy: 'See that the address is that of the internal listener, and that both sides have versions that fit.',
  },
});
