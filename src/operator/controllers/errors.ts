import { defineErrors } from '#kernel';

/** Why an object is not what it says, where it is neither its spec nor what it refers to. */
export const controllerError = defineErrors('operator/controllers', {
  SECRETS_FORBIDDEN: {
    status: 403,
    title: 'the namespace does not let the operator keep certificates in Secrets',
    remedy: 'Run the command in the message, or name the namespace under `secretNamespaces` of the chart.',
  },
  SECRET_TAKEN: {
    status: 409,
    title: 'a Secret of the name that the operator needs belongs to somebody else',
    remedy: 'Delete or rename that Secret, if it is not needed; the operator makes its own then.',
  },
  API_MISSING: {
    status: 409,
    title: 'the cluster does not have a kind that the object asks for',
    remedy: 'Install what brings the kind, such as the Gateway API, or leave out what asks for it.',
  },
  KEYS_UNDECIDED: {
    status: 409,
    title: 'the Secrets of an object changed again and again while it was decided about them',
    remedy: 'It passes with the next attempt. Where it does not, two operators look after one object.',
  },
});
