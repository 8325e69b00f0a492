import type { Check } from '../check.ts';

/** What is not written cannot be looked for afterwards. */
export const logging: Check = {
  id: 'logging',
  looksAt: 'the level of the log',
  run({ settings: { log } }) {
    if (log.level !== 'silent' && log.level !== 'fatal' && log.level !== 'error') return [];
    return [
      {
        severity: 'warning',
        what: `\`log.level: ${log.level}\` leaves out refused calls and warnings`,
        remedy: 'Set it to `info`, or leave it out.',
      },
    ];
  },
};
