import { defineErrors } from '#kernel';

/** What can be wrong with wishes about policies. */
export const policyError = defineErrors('policy', {
  POLICY_UNKNOWN: {
    status: 404,
    title: 'there is no such policy',
    remedy: 'See which there are with `chatelaine policy list` or `GET /api/v1/policies`.',
  },
  POLICY_NAME_TAKEN: {
    status: 409,
    title: 'there is a policy of that name',
    remedy: 'Choose another name, or change the one that is there with `PUT`.',
  },
  POLICY_DECLARED: {
    status: 409,
    title: 'the policy is declared in a file, and changed there',
    remedy: 'Change its `kind: policy` document; the server takes it up when the file is saved.',
  },
  POLICY_INVALID: {
    status: 400,
    title: 'the policy cannot be kept as it is written',
    remedy:
      'The message names what is wrong, with line and column. `chatelaine policy validate FILE` shows everything without keeping anything.',
  },
  POLICY_VERSION_UNKNOWN: {
    status: 404,
    title: 'the policy has no such version to go back to',
    remedy:
      'See which there are with `chatelaine policy versions NAME`; one that says the policy is deleted restores nothing.',
  },
});
