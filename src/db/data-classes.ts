/**
 * Which column holds what of people and of secrets: every one of every table, in both dialects. A migration that adds
 * a column says it here, or `data-classes.test.ts` fails; `docs/reference/data-classes.md` is made from it.
 */
export const CLASSES = {
  none: 'nothing of a person, and no secret',
  pseudonym:
    'the id of a person, or a digest of it: it says who only to those who can read `users`, and stays after an erasure',
  personal: 'personal, in the clear: an erasure takes it, or time does',
  words: 'what somebody wrote: it may name people',
  'sealed-personal': 'personal, sealed under the key of its person, which an erasure destroys',
  sealed: 'a secret, sealed by the vault or under what its holder has',
  wrapped: 'a key, wrapped by the key wrapper',
  digest: 'the digest of a secret that its holder has; it leads nowhere back',
} as const;
export type DataClass = keyof typeof CLASSES;

/** The columns of a table by class, and when what is of people goes. */
export type TableClasses = Readonly<Partial<Record<DataClass, string>>> & {
  readonly goes?: string;
  /** A table of one dialect alone. */
  readonly only?: 'postgres';
};

const WITH_USER = 'With the person: an erasure deletes the row.';

export const DATA_CLASSES: Readonly<Record<string, TableClasses>> = {
  // The installation.
  schema_migrations: { none: 'id checksum applied_at' },
  host_keys: { none: 'name fingerprint recorded_at' },
  replicas: { none: 'id address proof seen_at' },
  revocation_ledgers: { none: 'ledger known_since' },
  schema_postgres: { none: 'digest role', only: 'postgres' },
  change_log: { none: 'id at', only: 'postgres' },

  // Who there is.
  users: {
    pseudonym: 'id',
    personal: 'name name_key issuer subject',
    'sealed-personal': 'profile',
    none: 'key_id disabled_at erased_at created_at changed_at credentials_changed_at',
    goes: 'An erasure puts the id in the place of names and subject, and destroys the key of the profile; the row stays.',
  },
  user_claim_groups: { pseudonym: 'user_id', personal: 'issuer name', goes: WITH_USER },
  user_groups: {
    none: 'id namespace name created_at',
    words: 'description',
    goes: 'With the group: it is about the group.',
  },
  group_members: { pseudonym: 'member_id', none: 'group_id member_kind created_at' },
  role_bindings: { pseudonym: 'subject_id', none: 'id role namespace subject_kind subject_issuer created_at' },
  shut_namespaces: { none: 'namespace disabled_at' },
  agents: {
    pseudonym: 'responsible_user',
    words: 'description',
    none: 'id namespace name type roles disabled_at created_at spiffe_id jwks jwks_uri deleted_at',
    goes: 'When somebody writes another: it is about the agent, whose row stays.',
  },
  api_keys: {
    digest: 'secret_hash',
    words: 'label',
    none: 'id agent_id namespace scopes created_at expires_at revoked_at last_used_at access allowed_tools allowed_cidrs replaced_by',
    goes: 'Stays with the key, revoked ones too: it is about where the key is.',
  },

  // How people prove who they are.
  passwords: { pseudonym: 'user_id', digest: 'phc', none: 'changed_at' },
  totp_seeds: {
    pseudonym: 'user_id',
    'sealed-personal': 'seed',
    none: 'id key_id last_step confirmed_at created_at session_id',
    goes: WITH_USER,
  },
  passkeys: {
    pseudonym: 'user_id',
    personal: 'id public_key transports label synced counter last_used_at',
    none: 'created_at',
    goes: WITH_USER,
  },
  passkey_challenges: { digest: 'challenge', none: 'session_id purpose expires_at' },
  recovery_codes: { pseudonym: 'user_id', digest: 'digest', none: 'created_at' },
  sessions: {
    pseudonym: 'user_id',
    digest: 'digest',
    personal: 'address device auth_time last_seen_at',
    none: 'id kind stage amr created_at expires_at ended_at',
    goes: WITH_USER,
  },
  known_devices: {
    pseudonym: 'user_id',
    digest: 'digest',
    personal: 'last_used_at',
    none: 'created_at',
    goes: WITH_USER,
  },
  one_time_links: { pseudonym: 'user_id', digest: 'digest', none: 'purpose reissued created_at expires_at' },
  device_codes: {
    pseudonym: 'user_id',
    digest: 'digest user_code_digest',
    personal: 'client address auth_time',
    none: 'state amr created_at expires_at polled_at session_id',
    goes: 'Minutes after it was made, and with the person.',
  },
  attempts: { pseudonym: 'key', none: 'clear_at open_at' },
  invitations: { pseudonym: 'invited_by', digest: 'digest', none: 'id created_at expires_at' },

  // The vault.
  data_keys: {
    pseudonym: 'scope_id',
    wrapped: 'wrapped_key',
    none: 'id scope_kind wrapper wrapper_version messages created_at retired_at destroyed_at',
  },
  vault_keyring: {
    pseudonym: 'subject',
    wrapped: 'wrapped_key',
    none: 'key_id wrapper wrapper_version destroyed_at',
  },
  secrets: {
    sealed: 'manifest',
    words: 'description',
    none: 'id namespace name kind state generation key_id created_at changed_at',
    goes: 'When somebody writes another: it is about the secret.',
  },
  secret_versions: { sealed: 'value', none: 'id secret_id version key_id created_at expires_at ends_at shredded_at' },
  vault_leases: { none: 'name holder held_until' },

  // The record.
  audit_installation: { none: 'one id' },
  audit_writers: { none: 'id created_at' },
  audit_records: {
    pseudonym: 'actor object object_id',
    'sealed-personal': 'canonical',
    none: 'writer seq hash id time issuer class type action object_kind namespace outcome request_id arguments_digest',
    goes: 'Names, addresses and what a call of a person was about stand sealed inside; ids stay until the retention.',
  },
  audit_subjects: { pseudonym: 'subject', none: 'writer seq' },
  audit_checkpoint_lines: { none: 'place digest line' },
  audit_closed_chains: { none: 'writer closed_at' },
  delivery_cursors: { none: 'receiver state' },

  // The frame of the API.
  api_secrets: { sealed: 'value', none: 'name key_id' },
  idempotency_keys: {
    pseudonym: 'principal',
    personal: 'headers body',
    none: 'idempotency_key request_digest started_at status',
    goes: 'After 24 hours. Of an answer about a person their id is kept alone, and no secret is.',
  },

  // The authorization server.
  oauth_artifacts: {
    digest: 'digest uid_digest user_code_digest',
    sealed: 'content',
    pseudonym: 'user_id',
    none: 'model grant_id client_id consumed_at expires_at',
  },
  token_sessions: {
    pseudonym: 'user_id',
    personal: 'client_name last_used_at',
    none: 'id client_id owner resource scopes upstreams created_at expires_at ended_at ended_because',
    goes: WITH_USER,
  },
  consents: { pseudonym: 'user_id', none: 'client_id resource client_digest scopes upstreams given_at' },
  signing_keys: {
    sealed: 'private_key',
    none: 'kid algorithm state signs public_jwk key_id prepared_at activated_at stopped_at retired_at gone_at',
  },
  oauth_clients: {
    digest: 'secret_hash registration_token_hash',
    words: 'metadata',
    none: 'client_id created_at changed_at last_used_at',
    goes: 'With the client: what it called itself when it registered.',
  },
  oauth_client_blocks: { none: 'client_id blocked_at' },
  upstream_logins: {
    pseudonym: 'user_id',
    digest: 'state_digest browser_digest',
    sealed: 'sealed',
    none: 'upstream purpose owner return_to created_at expires_at',
  },
  grants: {
    pseudonym: 'user_id',
    'sealed-personal': 'tokens',
    none: 'id owner upstream status scopes key_id expires_at version refresher refreshing_until created_at changed_at',
    goes: WITH_USER,
  },
  upstream_clients: {
    sealed: 'registration',
    none: 'id upstream issuer key_id registrar registering_until created_at',
  },
  known_client_places: { digest: 'digest', none: 'seen_at' },
  used_proofs: { digest: 'digest', none: 'expires_at' },

  // Policies, and what they decided.
  policies: { none: 'id namespace name version created_at' },
  policy_versions: {
    pseudonym: 'author cedar',
    words: 'description reason',
    none: 'policy_id version priority shadow enabled deleted at',
    goes: 'Never: every version stays. Policies name people by their ids.',
  },
  decision_subjects: {
    personal: 'subject',
    pseudonym: 'key',
    none: 'seen_at',
    goes: 'An erasure deletes those of the person; all go with the records, where these are kept for a time. No name is in them.',
  },

  // The registry.
  limits: { none: 'id namespace name definition created_at changed_at' },
  limit_counters: {
    personal: 'key',
    none: 'taken holders ends_at',
    goes: 'When its window is over: whose count it is, by id or by block of addresses.',
  },
  registered_tools: {
    pseudonym: 'owner_sub',
    none: 'id namespace name revision status replaced_by owner_kind owner_iss generation created_at changed_at',
  },
  registered_tool_revisions: {
    pseudonym: 'author_sub',
    words: 'document reason',
    none: 'tool_id revision version author_kind author_iss restored_from created_at',
    goes: 'Never: every revision stays, with what was written about it.',
  },
  tool_pins: {
    pseudonym: 'approved_by pending_author pending_terms',
    words: 'note',
    none: 'namespace name state why digest definition approved_at pending_digest pending_definition findings generation changed_at',
    goes: 'With the next decision about the tool.',
  },
  tool_registry: { none: 'id version' },
  approvals: {
    pseudonym: 'caller_sub caller_act responsible arguments_digest binding',
    'sealed-personal': 'sealed',
    words: 'reason',
    none: 'id namespace tool shown pin caller_kind caller_iss caller_client needs key_id state created_at expires_at closed_at notify_at notify_attempts',
    goes: 'Arguments and name when it is decided or over; the row a month later.',
  },
  approval_decisions: { pseudonym: 'decider', none: 'approval_id verdict fills message_id decided_at' },
  vended_credentials: {
    pseudonym: 'holder_id',
    digest: 'digest',
    none: 'id namespace tool holder_kind holder_name scopes cnf parent through_kind through_id policies policy_version issued_at expires_at revoked_at',
  },
  access_requests: {
    pseudonym: 'subject_id requested_by reviewed_by',
    words: 'justification policy notes',
    none: 'id namespace tool subject_kind subject_name state created_policy access_ends_at created_at decided_at',
    goes: 'With who wrote it: an erasure empties it.',
  },
  access_reviews: {
    pseudonym: 'opened_by closed_by',
    words: 'title',
    none: 'id namespace on_due due_at due_done_at opened_by_kind opened_at closed_at',
    goes: 'Never: it is what the campaign is called.',
  },
  access_review_reviewers: { pseudonym: 'user_id', none: 'review_id' },
  access_review_lines: {
    pseudonym: 'holder_id decided_by',
    words: 'reason',
    none: 'review_id line holder_kind holder_name kind namespace target what elsewhere state decided_at',
    goes: 'With who wrote it, and with whom it is about: an erasure of either empties it.',
  },
  tool_usage: {
    pseudonym: 'principal',
    none:
      'day namespace tool succeeded failed denied duration_ms calls_1 calls_3 calls_10 calls_30 calls_100 calls_300 ' +
      'calls_1000 calls_3000 calls_10000 calls_inf last_at',
  },
  anomaly_profiles: {
    pseudonym: 'principal',
    personal: 'profile',
    none: 'saved_at',
    goes: 'An erasure deletes the row. It has hours, countries and digests of networks, and no address.',
  },
  alerts: {
    pseudonym: 'principal acknowledged_by',
    personal: 'seen usual',
    words: 'note',
    none: 'id kind namespace alert_window tool record_id raised_at acknowledged_at notify_at attempts told',
    goes: 'An erasure deletes those of the person; the others after 400 days.',
  },
  containments: {
    pseudonym: 'target name subjects begun_by released_by report',
    words: 'reason',
    none: 'id kind namespace disabled_here begun_at acknowledged_at released_at',
    goes: 'Never: it is evidence.',
  },
  containment_confirmations: { none: 'containment_id process_id confirmed_at stopped_calls' },
  serving_processes: { none: 'id host pid started_at seen_at' },
};
