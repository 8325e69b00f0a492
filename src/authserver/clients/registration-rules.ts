import { DYNAMIC_CLIENT_PREFIX, type ClientGrant } from '#contract';
import type { Budget } from '#identity';
import { readClientMetadata, type MetadataRules } from './client-metadata.ts';
import type { OAuthClient } from './client.ts';
import type { StoredClient } from '../store/clients-store.ts';

/** What whoever runs the server lets clients that register themselves do, and how many there may be. */
export interface RegistrationSettings {
  /** Whether one may get a secret of its own. */
  readonly confidential: boolean;
  readonly baselineScopes: readonly string[];
  readonly supportedScopes?: ReadonlySet<string> | undefined;
  readonly most: number;
  /** How long one is kept that never got a token; milliseconds. */
  readonly unusedMs: number;
}

export const REGISTRATION_SETTINGS: RegistrationSettings = {
  confidential: false,
  baselineScopes: [],
  most: 10_000,
  unusedMs: 24 * 3_600_000,
};

/**
 * A code for somebody who is there, and what goes on from it. What a client does by itself takes one that is
 * known; and so do device codes: under a name of their choice anybody could send people codes to type (RFC 8628
 * §5.4), where no redirect URI shows who is behind it.
 */
export const DYNAMIC_GRANTS: readonly ClientGrant[] = ['authorization_code', 'refresh_token'];

/** A flood must not push out the client of somebody who is just about to sign in. */
export const EVICTABLE_AFTER_MS = 10 * 60_000;

const SECOND = 1000;
const WAITS = { firstWaitMs: 30 * SECOND, longestWaitMs: 15 * 60 * SECOND };
/** What one address block registers; a household or an office has several people who begin. */
export const REGISTRATION_BUDGET: Budget = { name: 'register', free: 20, ...WAITS, forgiveEveryMs: 60 * SECOND };
/** All of them together. The wait stays short: it is everybody's. */
export const REGISTRATIONS_BUDGET: Budget = {
  name: 'register-all',
  free: 200,
  firstWaitMs: SECOND,
  longestWaitMs: 5 * SECOND,
  forgiveEveryMs: SECOND,
};

export const metadataRules = (settings: RegistrationSettings): MetadataRules => ({
  grants: DYNAMIC_GRANTS,
  authMethods: settings.confidential
    ? ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']
    : ['none', 'private_key_jwt'],
  supportedScopes: settings.supportedScopes,
  baselineScopes: settings.baselineScopes,
  lenient: false,
  jwksUri: false,
});

/** What would be accepted of a registration (RFC 7591 §2); pure. */
export const readRegistration = (body: unknown, settings: RegistrationSettings) =>
  readClientMetadata(body, metadataRules(settings));

/** Whether an identifier is one of those that are given out here. */
export const isDynamicClientId = (clientId: string): boolean =>
  clientId.startsWith(DYNAMIC_CLIENT_PREFIX) && /^[0-9a-z]{26}$/.test(clientId.slice(DYNAMIC_CLIENT_PREFIX.length));

/** Whether it has expired: nobody used it while it could have been. */
export const isExpired = (
  { createdAt, lastUsedAt }: StoredClient,
  now: number,
  settings: RegistrationSettings,
): boolean => lastUsedAt === undefined && createdAt + settings.unusedMs <= now;

/** The client of a registration. */
export const dynamicClient = ({ clientId, metadata, secretHash, createdAt }: StoredClient): OAuthClient => ({
  ...metadata,
  clientId,
  origin: 'dynamic',
  secretHash,
  certificate: undefined,
  certificateBoundAccessTokens: false,
  audiences: undefined,
  introspects: [],
  signInOnly: false,
  // Whoever registers could call themselves anything: people are always asked.
  firstParty: false,
  issuedAt: Math.floor(createdAt / 1000),
});
