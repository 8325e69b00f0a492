import { defineErrors } from '#kernel';

/** What can be said of limits. */
export const limitError = defineErrors('limits', {
  LIMIT_EXCEEDED: {
    status: 429,
    title: 'a limit on calls is used up',
    remedy: 'Call again after the seconds in `Retry-After`. The message names the limit and whose count it is.',
  },
  LIMIT_UNKNOWN: {
    status: 404,
    title: 'there is no such limit here',
    remedy: 'List the limits: those of the configuration are among them.',
  },
  LIMIT_DECLARED: {
    status: 409,
    title: 'the limit is one of the configuration, which alone changes it',
    remedy: 'Change the `kind: limit` document, or give yours another name.',
  },
  LIMIT_REFUSED: {
    status: 400,
    title: 'the limit says something that cannot be counted',
    remedy: 'Each part is like `100 calls per 1h` or `5 at once`, with `;` between.',
  },
});
