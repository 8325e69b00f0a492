/** What is told as events of objects. Why in detail is in the conditions: an event may be read by more people. */
import { defineNotices } from '../cluster/index.ts';

export const notice = defineNotices({
  Ready: { type: 'Normal', action: 'Reconcile', note: 'everything is as it should be' },
  NotReady: { type: 'Warning', action: 'Reconcile', note: 'it is not ready: {reason}; see its conditions' },
  StillUsed: {
    type: 'Warning',
    action: 'Delete',
    note: 'it is used by {user} and others may use it too; it goes when nothing uses it',
  },
});
