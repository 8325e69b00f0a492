import type { Migration } from '../migrate.ts';

/** The upstreams whose tokens a person allowed, separated by spaces: with a session, and with a standing consent. */
export const consentedUpstreamsMigration: Migration = {
  id: '0019-consented-upstreams',
  statements: [
    `alter table token_sessions add column upstreams text not null default ''`,
    `alter table consents add column upstreams text not null default ''`,
  ],
};
