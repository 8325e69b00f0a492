import { defineErrors } from '#kernel';

/** What can be wrong with a wish about agents and keys. Why a presented key is refused: `CredentialRefusal` of the contract. */
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
  KEY_LIMIT_REFUSED: {
    status: 400,
    title: 'a key cannot be limited like this',
    remedy: 'The message names the limit: access, tools by their exact names, or networks in CIDR notation.',
  },
  KEY_GRACE_REFUSED: {
    status: 400,
    title: 'a replaced key cannot stay valid that long',
    remedy: 'Give a grace between nothing and 90 days.',
  },
  KEY_NOT_ACTIVE: {
    status: 409,
    title: 'the key does not count any more, so it cannot be replaced',
    remedy: 'Make a new key.',
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
  AGENT_NAME_TAKEN: {
    status: 409,
    title: 'the namespace has, or had, an agent of this name',
    remedy: 'Choose another name. The name of a deleted agent is never used again: policies may still speak of it.',
  },
  AGENT_DELETED: {
    status: 409,
    title: 'the agent was deleted',
    remedy: 'Make another agent, under another name.',
  },
  AGENT_IDENTITY_REFUSED: {
    status: 400,
    title: 'an agent cannot be known by this SPIFFE ID or by these public keys',
    remedy: 'The message says what is wrong with it, and where.',
  },
  SPIFFE_ID_TAKEN: {
    status: 409,
    title: 'another agent is known by this SPIFFE ID',
    remedy: 'One SPIFFE ID is one agent. Take it from the other one first.',
  },
  AGENT_ROLES_DIFFER: {
    status: 409,
    title: 'the agent exists and does not have exactly the roles that were asked for',
    remedy: "A key has its agent's roles. Leave `--role` out to accept them, or name another agent.",
  },
  FORBIDDEN: {
    status: 403,
    title: 'the caller may not do this',
    remedy: 'The message says what it takes. An administrator of the namespace, or a global one, gives roles.',
  },
  STEP_UP_REQUIRED: {
    status: 403,
    title: 'what is asked for takes a recent sign-in with a second factor',
    remedy:
      'Prove who you are once more, with the second factor, and ask again before that is as old as the message says (`signIn.recentProof` of `kind: server`). On a command line: `chatelaine login`.',
  },
  LAST_ADMIN: {
    status: 409,
    title: 'the last global administrator who can sign in cannot be taken away',
    remedy: 'Give the role `admin` to somebody else first, globally; somebody who has a password, or a provider.',
  },
  USER_UNKNOWN: {
    status: 404,
    title: 'there is no such user',
    remedy: 'Check the id or the login name. Users who were erased are not found any more.',
  },
  USER_NAME_TAKEN: {
    status: 409,
    title: 'another user has this login name, or one that is compared alike',
    remedy: 'Choose another. Upper and lower case make no difference.',
  },
  USER_SUBJECT_TAKEN: {
    status: 409,
    title: 'the identity provider knows another user here by this subject',
    remedy: 'A user of a provider is made once, by hand or by their first sign-in.',
  },
  PROFILE_REFUSED: {
    status: 400,
    title: 'a profile does not have the form of one',
    remedy: 'The message names the field. It never repeats the value.',
  },
  PAGE_REFUSED: {
    status: 400,
    title: 'a list cannot be continued from there',
    remedy: 'Use a cursor as it was given, and a limit between 1 and 1000.',
  },
  USER_DISABLED: {
    status: 409,
    title: 'the user is disabled',
    remedy: 'Enable them first, if they are meant to sign in again.',
  },
  USER_OF_PROVIDER: {
    status: 409,
    title: 'the user signs in at an identity provider, and has no password here',
    remedy: 'Reset the password at the provider that vouches for them.',
  },
  CLAIMS_REFUSED: {
    status: 400,
    title: 'what an identity provider says of a user cannot be taken over',
    remedy: 'The message names the claim. Correct it at the provider, or map another one.',
  },
  GROUP_UNKNOWN: {
    status: 404,
    title: 'there is no such group in the namespace',
    remedy: 'Check the name and the namespace.',
  },
  GROUP_NAME_TAKEN: {
    status: 409,
    title: 'the namespace has a group of this name',
    remedy: 'Choose another name, or add members to the group that is there.',
  },
  MEMBER_UNKNOWN: {
    status: 404,
    title: 'whoever is to be a member is not there',
    remedy: 'Members are users, and agents of the namespace of the group.',
  },
  BINDING_UNKNOWN: {
    status: 404,
    title: 'there is no such role binding',
    remedy: 'Check the id. Bindings that the configuration declares are changed in the configuration.',
  },
  SUBJECT_UNKNOWN: {
    status: 404,
    title: 'whoever is to have a role is not there',
    remedy: 'Check the id. A group of an identity provider needs its issuer and its name, and no row.',
  },
  KEY_UNKNOWN: {
    status: 404,
    title: 'there is no key with that id',
    remedy: '`chatelaine key list` shows every key.',
  },
});
