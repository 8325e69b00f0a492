import { defineErrors } from '#kernel';

/** What can be wrong with an invitation, and with becoming a user by it. */
export const invitationError = defineErrors('identity invitations', {
  INVITATION_REFUSED: {
    status: 403,
    title: 'nobody becomes a user without an invitation that counts',
    remedy:
      'An invitation is used once, in its time, and while whoever gave it may still come in. An administrator gives one: `chatelaine user invite`.',
  },
  INVITATION_LIFETIME_REFUSED: {
    status: 400,
    title: 'an invitation cannot count for so long',
    remedy: 'A number of seconds from 60 to 2592000, which is 30 days; a week when left out.',
  },
});
