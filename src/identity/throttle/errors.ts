import { defineErrors } from '#kernel';

/** What can be said of attempts before they are judged. */
export const throttleError = defineErrors('throttle', {
  SIGN_IN_THROTTLED: {
    status: 429,
    title: 'there were too many failed attempts, so the next one has to wait',
    remedy: 'Wait as long as the message says. A browser that signed in before is counted by itself.',
  },
});
