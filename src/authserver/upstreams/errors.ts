import { defineErrors } from '#kernel';

/** What goes wrong at whoever gives tokens for people, and with sign-ins there. None of it repeats what they wrote. */
export const upstreamError = defineErrors('authserver', {
  UPSTREAM_UNKNOWN: {
    status: 404,
    title: 'there is no such upstream',
    remedy: 'Declare it with `kind: upstream`, or correct the name.',
  },
  UPSTREAM_UNAVAILABLE: {
    status: 503,
    title: 'an identity provider cannot be reached or cannot answer now',
    remedy: 'Try again in a moment. Nothing that was kept for it is lost.',
  },
  UPSTREAM_UNTRUSTED: {
    status: 502,
    title: 'an identity provider answered with something that cannot be trusted',
    remedy: 'The message says what it was. Correct the provider, or the document of the upstream.',
  },
  UPSTREAM_METADATA_REFUSED: {
    status: 502,
    title: 'the metadata of an MCP server or of its authorization server is refused',
    remedy:
      'The message names the document and what is wrong with it. Correct it there; nothing was asked of the authorization server.',
  },
  UPSTREAM_NO_CLIENT: {
    status: 502,
    title: 'an authorization server knows no way for us to be its client',
    remedy:
      'Register a client there by hand, and give its `clientId` and secret with the `issuer` in `auth` of the MCP server.',
  },
  UPSTREAM_CLIENT_REFUSED: {
    status: 502,
    title: 'an identity provider does not accept us as its client',
    remedy: 'Check `clientId`, the secret or key, `clientAuthentication`, and the redirect address that is registered.',
  },
  UPSTREAM_GRANT_ENDED: {
    status: 400,
    title: 'an identity provider does not accept the code or the refresh token any more',
    remedy: 'Sign in at the provider once more.',
  },
  LEG_UNKNOWN: {
    status: 400,
    title: 'the sign-in at the identity provider was not begun here, has been used, or took too long',
    remedy: 'Go back to where you came from and begin again.',
  },
  LEG_OTHER_BROWSER: {
    status: 400,
    title: 'the sign-in at the identity provider was begun in another browser',
    remedy: 'Begin in this browser. If somebody sent you the address, do not follow it.',
  },
  LEG_OTHER_UPSTREAM: {
    status: 400,
    title: 'the answer came from another identity provider than the one that was asked',
    remedy: 'Begin again. If it happens again, the provider or the network between is not to be trusted.',
  },
  LEG_OTHER_USER: {
    status: 403,
    title: 'the account at the identity provider was to be linked for somebody else',
    remedy: 'Sign in as the person who began to link the account, and begin again.',
  },
  LEG_DECLINED: {
    status: 403,
    title: 'the identity provider did not let the person in',
    remedy: 'Begin again, and agree at the provider to what is asked for.',
  },
  LEG_NOT_ALLOWED: {
    status: 403,
    title: 'the account at the identity provider is not one of those that may sign in',
    remedy: 'Choose an account of the domain or organization that the installation allows.',
  },
});
