import { defineErrors, type ChatelaineError } from '#kernel';

/** What can be said of alerts. */
export const alertError = defineErrors('alerts', {
  ALERT_UNKNOWN: {
    status: 404,
    title: 'there is no such alert here',
    remedy: 'Take an id from `chatelaine alert list`.',
  },
});

export const unknownAlert = (id: string): ChatelaineError =>
  alertError('ALERT_UNKNOWN', `there is no alert \`${id.slice(0, 64)}\``);
