import { defineErrors } from '#kernel';

/** What can be wrong with a wish for access, and with its review. */
export const accessError = defineErrors('registry access', {
  ACCESS_TOOL_UNKNOWN: {
    status: 404,
    title: 'there is no such tool',
    remedy: 'A tool is named as `namespace/name`; `tools/list` of MCP and `/api/toolset` show those that there are.',
  },
  ACCESS_REQUEST_UNKNOWN: {
    status: 404,
    title: 'there is no such access request',
    remedy: '`chatelaine access list` shows those that there are.',
  },
  ACCESS_REQUEST_PENDING: {
    status: 409,
    title: 'there is a request for this access already that nobody has decided',
    remedy: 'Wait for its review, or cancel it and ask anew.',
  },
  ACCESS_REQUEST_DECIDED: {
    status: 409,
    title: 'somebody has decided about this request already, or its time is over',
    remedy: 'Ask anew; a decision is not changed afterwards. What an approval gave ends with its policy.',
  },
  ACCESS_REQUEST_OWN: {
    status: 403,
    title: 'nobody decides about their own request',
    remedy: 'Another person with the role `policy_admin` decides: not who asked, nor who answers for the agent.',
  },
  ACCESS_REVIEWER_REFUSED: {
    status: 403,
    title: 'a person decides about access, and no program',
    remedy: 'A person with the role `policy_admin` signs in and decides: `chatelaine access approve ID --server URL`.',
  },
  ACCESS_REQUEST_LIMIT: {
    status: 429,
    title: 'there are as many undecided requests of this requester as there may be',
    remedy: 'Wait for a review, or cancel one of them.',
  },
  ACCESS_SUBJECT_REFUSED: {
    status: 403,
    title: 'access can be asked for oneself or for an agent that one answers for',
    remedy: 'Name an agent of the same namespace whose responsible user you are, or leave `agent` out.',
  },
  ACCESS_END_REFUSED: {
    status: 400,
    title: 'access cannot end at that moment',
    remedy: 'Name a moment from now on, at most 365 days away; without one it ends after 30 days.',
  },
});

/** What is not there, and what the caller may not see. */
export const unknownTool = (namespace: string, name: string) =>
  accessError('ACCESS_TOOL_UNKNOWN', `there is no tool \`${namespace.slice(0, 64)}/${name.slice(0, 128)}\``);
export const unknownRequest = (id: string) =>
  accessError('ACCESS_REQUEST_UNKNOWN', `there is no access request \`${id.slice(0, 26)}\``);
