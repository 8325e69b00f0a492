import { defineErrors } from '#kernel';

/** What can be wrong with a wish about agents and keys. Why a presented key is refused: `keys/refusal.ts`. */
export const identityError = defineErrors('identity', {
  NAME_REFUSED: {
    status: 400,
    title: 'a name does not have the form that names of its kind have',
    remedy: 'The message says which characters are allowed and how many.',
  },
  SCOPE_REFUSED: {
    status: 400,
    title: 'a scope is not a scope token of OAuth (RFC 6749 §3.3)',
    remedy:
      'Write each scope by itself, without spaces, quotes or backslashes: `--scope read:flights --scope write:flights`.',
  },
  ROLE_UNKNOWN: {
    status: 400,
    title: 'there is no such role',
    remedy: 'The roles are admin, tool_publisher, policy_admin, user and auditor.',
  },
  KEY_LIFETIME_REFUSED: {
    status: 400,
    title: 'a key cannot live that long or that briefly',
    remedy: 'Give a lifetime between one second and a hundred years, or none for a key that does not expire.',
  },
  AGENT_UNKNOWN: {
    status: 404,
    title: 'there is no such agent in the namespace',
    remedy: '`chatelaine agent list` shows every agent.',
  },
  AGENT_DISABLED: {
    status: 409,
    title: 'the agent is disabled',
    remedy: 'Enable it with `chatelaine agent enable NAME`, if it is meant to call again.',
  },
  AGENT_ROLES_DIFFER: {
    status: 409,
    title: 'the agent exists and does not have exactly the roles that were asked for',
    remedy: "A key has its agent's roles. Leave `--role` out to accept them, or name another agent.",
  },
  KEY_UNKNOWN: {
    status: 404,
    title: 'there is no key with that id',
    remedy: '`chatelaine key list` shows every key.',
  },
  FORBIDDEN: {
    status: 403,
    title: 'the caller may not do this',
    remedy: 'Ask an administrator of the namespace for a role, or use a credential that is for it.',
  },
});
