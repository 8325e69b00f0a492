import { defineErrors } from '#kernel';

/** What can be wrong with keys, with what they encrypt, and with wishes about secrets. */
export const vaultError = defineErrors('vault', {
  KEY_FILE_UNSAFE: {
    status: 500,
    title: 'the key file is not one that only the user of this process can have written and can read',
    remedy: 'Make it a regular file, mode 0600, owned by the user who runs Chatelaine, in a directory only they write.',
  },
  KEY_FILE_MISSING: {
    status: 500,
    title: 'the key file is gone while the database holds keys that only it opens',
    remedy: 'Put the key file back from where you keep it. No other one opens these keys.',
  },
  KEY_OF_ANOTHER_HOST: {
    status: 500,
    title: 'the hosts of one database must wrap with the same key, and this one has another',
    remedy:
      'Copy the key file from a host that serves, mode 0600, or name the same key in `vault.keyWrapper` of all hosts. To change the key, name the old one in `vault.previousKeyWrappers`. When it is lost for good and nothing needs it, run `chatelaine migrate forget-keys`.',
  },
  KEY_WEAK: {
    status: 500,
    title: 'a wrapping key is not 32 random bytes',
    remedy: 'Make one with `openssl rand -base64 32`.',
  },
  KEY_WRAPPER_MISSING: {
    status: 500,
    title: 'data keys are wrapped by a key that is not configured',
    remedy: 'Name that wrapping key again, as the current one or among the previous ones, until a rewrap has finished.',
  },
  KEY_WRAPPER_UNAVAILABLE: {
    status: 503,
    title: 'the service that holds the wrapping key did not answer, or refused',
    remedy:
      'The message says what it answered. Check that it runs, that its certificate is of an authority in `tls.ca` (a private one is trusted only there), and the rights of the token or role used with it.',
  },
  KEY_UNWRAP_FAILED: {
    status: 500,
    title: 'a data key does not open with the wrapping key it names',
    remedy:
      'Either the wrapping key is another one of the same name, or the row was changed. Restore what was changed.',
  },
  SEALED_DATA_ALTERED: {
    status: 500,
    title: 'encrypted data is not where it was written, or not what was written',
    remedy:
      'Somebody wrote in the database without Chatelaine. Find out who, then restore or replace what was altered.',
  },
  SUBJECT_ERASED: {
    status: 410,
    title: 'the key of this subject was destroyed, and with it everything it protected',
    remedy: 'This cannot be undone.',
  },
  SUBJECT_KEY_MISSING: {
    status: 500,
    title: 'the keyring lacks the key of a subject that was not erased',
    remedy:
      'Put the keyring back from where you keep it; no backup holds it. Without it the data of its subjects is lost.',
  },
  SUBJECT_REFUSED: {
    status: 400,
    title: 'a subject has no usable identifier',
    remedy: 'A subject is named by 1 to 256 characters.',
  },
  VAULT_BUSY: {
    status: 409,
    title: 'the same work is under way, or what was to be changed changed meanwhile',
    remedy: 'Try again. Work that was abandoned is taken over a minute after its last step.',
  },
  SECRET_NAME_REFUSED: {
    status: 400,
    title: 'a secret cannot have this name or description',
    remedy: 'The message says which characters are allowed and how many.',
  },
  SECRET_VALUE_REFUSED: {
    status: 400,
    title: 'the value does not have the form of its kind',
    remedy: 'The message says which field is wrong. It never repeats the value.',
  },
  SECRET_LIFETIME_REFUSED: {
    status: 400,
    title: 'a secret cannot expire or overlap then',
    remedy: 'An expiry lies in the future; an overlap lasts at most 90 days.',
  },
  SECRET_UNKNOWN: {
    status: 404,
    title: 'there is no such secret for who asks',
    remedy: '`chatelaine secret list` shows the secrets of a namespace.',
  },
  SECRET_KIND_DIFFERS: {
    status: 409,
    title: 'the secret exists and is of another kind',
    remedy: 'The kind of a secret never changes. Delete it first, or use another name.',
  },
  SECRET_DISABLED: {
    status: 409,
    title: 'the secret is disabled',
    remedy: 'Enable it, if it is meant to be used again.',
  },
  SECRET_EXPIRED: {
    status: 409,
    title: 'the secret, or the version asked for, has ended',
    remedy: 'Put a new version.',
  },
  SECRET_VERSIONS_EXHAUSTED: {
    status: 409,
    title: 'too many versions of the secret overlap',
    remedy: 'Let overlaps end, or put a version without one.',
  },
});
