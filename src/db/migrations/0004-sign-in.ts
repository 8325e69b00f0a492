import type { Migration } from '../migrate.ts';

/**
 * How people sign in: passwords, second factors, sessions, one-time links, and the counters of attempts.
 *
 * What a person is given to come back with (a session, a link, a recovery code, a code for a program) is
 * kept as SHA-256 alone. What can be used once is a row that its use deletes, or a number that only grows.
 */
export const signInMigration: Migration = {
  id: '0004-sign-in',
  statements: [
    `create table passwords (
      user_id text not null primary key references users (id),
      phc text not null,
      changed_at bigint not null
    )`,
    `create table totp_seeds (
      id text not null primary key,
      user_id text not null references users (id),
      seed text not null,
      key_id text not null,
      last_step bigint not null,
      confirmed_at bigint,
      created_at bigint not null
    )`,
    `create unique index totp_seeds_one_in_use on totp_seeds (user_id) where confirmed_at is not null`,
    `create unique index totp_seeds_one_begun on totp_seeds (user_id) where confirmed_at is null`,
    `create index totp_seeds_by_key on totp_seeds (key_id, id)`,
    `create table passkeys (
      id text not null primary key,
      user_id text not null references users (id),
      public_key text not null,
      counter bigint not null,
      transports text not null,
      label text not null,
      synced bigint not null,
      created_at bigint not null,
      last_used_at bigint
    )`,
    `create index passkeys_by_user on passkeys (user_id)`,
    `create table recovery_codes (
      digest text not null primary key check (length(digest) = 64),
      user_id text not null references users (id),
      created_at bigint not null
    )`,
    `create index recovery_codes_by_user on recovery_codes (user_id)`,
    `create table passkey_challenges (
      challenge text not null primary key,
      session_id text not null,
      purpose text not null check (purpose in ('register', 'authenticate')),
      expires_at bigint not null
    )`,
    `create index passkey_challenges_by_session on passkey_challenges (session_id)`,
    `create table sessions (
      id text not null primary key,
      digest text not null unique check (length(digest) = 64),
      user_id text not null references users (id),
      kind text not null check (kind in ('browser', 'cli')),
      stage text not null check (stage in ('second-factor', 'enrolment', 'active')),
      amr text not null,
      auth_time bigint not null,
      created_at bigint not null,
      last_seen_at bigint not null,
      expires_at bigint not null,
      ended_at bigint,
      address text not null,
      device text not null
    )`,
    `create index sessions_by_user on sessions (user_id)`,
    `create index sessions_by_expiry on sessions (expires_at)`,
    `create table known_devices (
      digest text not null primary key check (length(digest) = 64),
      user_id text not null references users (id),
      created_at bigint not null,
      last_used_at bigint not null
    )`,
    `create index known_devices_by_user on known_devices (user_id)`,
    `create table one_time_links (
      digest text not null primary key check (length(digest) = 64),
      purpose text not null check (purpose in ('setup', 'password')),
      user_id text references users (id),
      reissued bigint not null,
      created_at bigint not null,
      expires_at bigint not null,
      check ((user_id is null) = (purpose = 'setup'))
    )`,
    `create table device_codes (
      digest text not null primary key check (length(digest) = 64),
      user_code_digest text not null unique check (length(user_code_digest) = 64),
      state text not null check (state in ('pending', 'approved', 'denied')),
      user_id text references users (id),
      amr text not null,
      auth_time bigint not null,
      client text not null,
      address text not null,
      created_at bigint not null,
      expires_at bigint not null,
      polled_at bigint not null,
      check ((user_id is not null) = (state = 'approved'))
    )`,
    `create table attempts (
      key text not null primary key,
      clear_at bigint not null,
      open_at bigint not null
    )`,
    `create index attempts_by_clearance on attempts (clear_at)`,
  ],
};
