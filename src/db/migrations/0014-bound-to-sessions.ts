import type { Migration } from '../migrate.ts';

/**
 * What is under way belongs to the session that began it: the seed of an app that is being set up, and the
 * leave that a program was given. Whatever was under way before belongs to none, and is begun anew.
 */
export const boundToSessionsMigration: Migration = {
  id: '0014-bound-to-sessions',
  statements: [
    `alter table totp_seeds add column session_id text`,
    `alter table device_codes add column session_id text`,
    `delete from totp_seeds where confirmed_at is null`,
    `delete from device_codes`,
  ],
};
