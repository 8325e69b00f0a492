import { defineErrors } from '#kernel';

/** What can be wrong with keys that sign tokens, and with a step of their rotation. */
export const signingKeyError = defineErrors('signing keys', {
  SIGNING_KEY_REFUSED: {
    // Of the server: keys come out of its configuration, never with a request.
    status: 503,
    title: 'this cannot be a key that signs tokens',
    remedy:
      'The message says what is wrong with it. Chatelaine makes suitable ones by itself where none is configured.',
  },
  SIGNING_KEY_PREPARED: {
    status: 409,
    title: 'a signing key has been prepared already',
    remedy: 'Activate it with `chatelaine key rotate-signing activate`, or see `chatelaine key rotate-signing status`.',
  },
  SIGNING_KEY_NOT_PREPARED: {
    status: 409,
    title: 'there is no signing key that could be activated',
    remedy: 'Prepare one with `chatelaine key rotate-signing prepare`.',
  },
  SIGNING_KEY_TOO_FRESH: {
    status: 409,
    title: 'a signing key has not been published for long enough',
    remedy:
      'Wait as long as the message says: until then others hold a key set without it and refuse what it signs. `--now` activates it all the same, and that is put on record.',
  },
  SIGNING_KEY_IN_USE: {
    status: 409,
    title: 'the signing key is the one that signs',
    remedy: 'Prepare and activate another one first; then this one can be retired.',
  },
  SIGNING_KEY_UNKNOWN: {
    status: 404,
    title: 'there is no such signing key',
    remedy: '`chatelaine key rotate-signing status` shows those that there are.',
  },
  SIGNING_KEYS_CONFIGURED: {
    status: 409,
    title: 'signing keys are given by the configuration, so the configuration rotates them',
    remedy:
      'Put the new key at the end of `signingKeys`; when it has been published for five minutes move it to the front; take the old one away when its tokens have expired.',
  },
});
