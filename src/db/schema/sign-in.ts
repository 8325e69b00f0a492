/** How people prove who they are. */
export interface SignInTables {
  readonly passwords: PasswordsTable;
  readonly totp_seeds: TotpSeedsTable;
  readonly passkeys: PasskeysTable;
  readonly passkey_challenges: PasskeyChallengesTable;
  readonly recovery_codes: RecoveryCodesTable;
  readonly sessions: SessionsTable;
  readonly known_devices: KnownDevicesTable;
  readonly one_time_links: OneTimeLinksTable;
  readonly device_codes: DeviceCodesTable;
  readonly attempts: AttemptsTable;
}

/** Passwords of people, as PHC strings of argon2id. Owner: identity. */
export interface PasswordsTable {
  readonly user_id: string;
  readonly phc: string;
  readonly changed_at: number;
}

/** Seeds of authenticator apps, sealed under the person's subject key. Owner: identity. */
export interface TotpSeedsTable {
  readonly id: string;
  readonly user_id: string;
  readonly seed: string;
  readonly key_id: string;
  /** The last step whose code was used; only ever grows. */
  readonly last_step: number;
  /** Null until the app has shown that it has the seed. */
  readonly confirmed_at: number | null;
  readonly created_at: number;
  /** The session that sets the app up; null once it is. */
  readonly session_id: string | null;
}

/** WebAuthn credentials, by credential id. Owner: identity. */
export interface PasskeysTable {
  readonly id: string;
  readonly user_id: string;
  /** COSE key, base64url. */
  readonly public_key: string;
  readonly counter: number;
  readonly transports: string;
  readonly label: string;
  /** 1 when the credential may live on several devices. */
  readonly synced: number;
  readonly created_at: number;
  readonly last_used_at: number | null;
}

/** Challenges of WebAuthn ceremonies under way; gone when used. Owner: identity. */
export interface PasskeyChallengesTable {
  readonly challenge: string;
  readonly session_id: string;
  readonly purpose: 'register' | 'authenticate';
  readonly expires_at: number;
}

/** Recovery codes not yet used, as digests. Owner: identity. */
export interface RecoveryCodesTable {
  readonly digest: string;
  readonly user_id: string;
  readonly created_at: number;
}

/** Sessions of people, in browsers and on the command line. Owner: identity. */
export interface SessionsTable {
  readonly id: string;
  /** SHA-256 of the token; replaced whenever the session gains something. */
  readonly digest: string;
  readonly user_id: string;
  readonly kind: 'browser' | 'cli';
  readonly stage: 'second-factor' | 'enrolment' | 'active';
  readonly amr: string;
  readonly auth_time: number;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly address: string;
  readonly device: string;
}

/** Browsers that people signed in with before, as digests. Owner: identity. */
export interface KnownDevicesTable {
  readonly digest: string;
  readonly user_id: string;
  readonly created_at: number;
  readonly last_used_at: number;
}

/** Links for the first administrator and for new passwords, as digests; gone when used. Owner: identity. */
export interface OneTimeLinksTable {
  readonly digest: string;
  readonly purpose: 'setup' | 'password';
  readonly user_id: string | null;
  /** 1 when it was made although there was an administrator. */
  readonly reissued: number;
  readonly created_at: number;
  readonly expires_at: number;
}

/** Programs that wait for a person to confirm a code (RFC 8628). Owner: identity. */
export interface DeviceCodesTable {
  readonly digest: string;
  readonly user_code_digest: string;
  readonly state: 'pending' | 'approved' | 'denied';
  readonly user_id: string | null;
  readonly amr: string;
  readonly auth_time: number;
  readonly client: string;
  readonly address: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly polled_at: number;
  /** The session in which it was approved. */
  readonly session_id: string | null;
}

/** Counters of attempts to sign in. Owner: identity. */
export interface AttemptsTable {
  readonly key: string;
  /** When all that was counted will be forgiven. */
  readonly clear_at: number;
  /** From when on the next attempt is let through. */
  readonly open_at: number;
}
