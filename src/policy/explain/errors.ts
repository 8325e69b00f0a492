import { defineErrors } from '#kernel';

/** What can be wrong with questions to policies. */
export const questionError = defineErrors('policy-questions', {
  CALLER_UNKNOWN: {
    status: 404,
    title: 'nobody by that name may call anything',
    remedy: 'Name a user by login name or id, an agent by `namespace/name` or id. Who is disabled may call nothing.',
  },
  CALLED_TOOL_UNKNOWN: {
    status: 404,
    title: 'no tool by that name is served',
    remedy:
      'Name it with its namespace: `default/search`. A data directory alone knows no tools: ask a server, with `--server`.',
  },
  NAMESPACE_UNSAID: {
    status: 400,
    title: 'the question does not say which namespace it is about',
    remedy: 'Name one in `namespace`. Without it a question is about everything, which takes a role held globally.',
  },
  DRAFT_REFUSED: {
    status: 400,
    title: 'the proposed policies are none',
    remedy: 'The errors name the policy and the place in its text.',
  },
  RANGE_REFUSED: {
    status: 400,
    title: 'the range of time is none',
    remedy: '`from` lies before `to`.',
  },
  POLICY_NOT_WATCHED: {
    status: 404,
    title: 'no policy by that name is there for who asks',
    remedy: 'Who may read policies in its namespace may see what it would decide.',
  },
});
