import { defineErrors } from '#kernel';

/**
 * What can be wrong when a person signs in. Refusals tell nothing that an attacker could use: a name
 * that nobody has, a wrong password and a disabled user are one code with one message.
 */
export const signInError = defineErrors('sign-in', {
  SIGN_IN_REFUSED: {
    status: 401,
    title: 'the name and the password do not belong together',
    remedy: 'Check both. An administrator can give a link that sets a new password.',
  },
  SIGN_IN_DISABLED: {
    status: 403,
    title: 'the account of somebody who signed in at an identity provider is disabled here',
    remedy: 'An administrator can let you in again.',
  },
  SIGN_IN_BUSY: {
    status: 503,
    title: 'more people are signing in than passwords can be checked',
    remedy: 'Try again in a moment.',
  },
  PASSWORD_REFUSED: {
    status: 400,
    title: 'a password can be guessed too easily, or is too short or too long',
    remedy: 'Use at least 12 characters that are neither common nor made of your own name; several words are fine.',
  },
  SECOND_FACTOR_REFUSED: {
    status: 401,
    title: 'the second factor was not accepted',
    remedy: 'Enter the next code that the app shows, use a passkey of this account, or one of the recovery codes.',
  },
  SECOND_FACTOR_REQUIRED: {
    status: 403,
    title: 'this account must have a second factor before it can be used',
    remedy: 'Set up an authenticator app or a passkey on the page that follows the password.',
  },
  SECOND_FACTOR_NEEDED_STILL: {
    status: 409,
    title: 'the last second factor of an account that must have one cannot be removed',
    remedy: 'Set up another one first.',
  },
  PASSKEY_UNAVAILABLE: {
    status: 409,
    title: 'passkeys cannot be used at the address that this server has',
    remedy: 'Passkeys belong to a host name: reach the server by name, or use an authenticator app.',
  },
  SESSION_REQUIRED: {
    status: 401,
    title: 'nobody is signed in, or the session has ended',
    remedy: 'Sign in at `/console/sign-in`.',
  },
  SESSION_UNKNOWN: {
    status: 404,
    title: 'the person has no such session',
    remedy: 'It may have ended by itself. `/console/account` shows those that go on.',
  },
  LINK_REFUSED: {
    status: 410,
    title: 'the link was used, has expired or was replaced by a newer one',
    remedy: 'Ask an administrator for a new one, or run `chatelaine user setup-link` where the server runs.',
  },
  FORM_REFUSED: {
    status: 403,
    title: 'a form did not come from the page that this server gave to this browser',
    remedy:
      'Open the page again and send it from there. Cookies must be allowed, and the address must be the `publicUrl` of `kind: server`.',
  },
  FORM_UNREADABLE: {
    status: 400,
    title: 'what was sent is not the form of this page',
    remedy: 'Open the page again and send it from there.',
  },
  DEVICE_CODE_UNKNOWN: {
    status: 404,
    title: 'no program waits under this code',
    remedy: 'Compare it with what the terminal shows. A code ends after ten minutes; run `chatelaine login` again.',
  },
});
