import type { Migration } from '../migrate.ts';

/**
 * When a person's password or second factors were last replaced or taken away. The ledger says the same
 * outside, so that a restored state shows whether it is of before.
 */
export const credentialChangesMigration: Migration = {
  id: '0009-credential-changes',
  statements: [`alter table users add column credentials_changed_at bigint`],
};
