import type { AuditTrail, ThemeSettings, TrustedIssuer, UpstreamCommon } from '#contract';
import type { Database } from '#db';
import type { SecretSealer } from '#http';
import type { AgentStandings, ChangeFrame, SignInServices, Standings, UserDirectory } from '#identity';
import type { Clock, Logger } from '#kernel';
import type { Vault } from '#vault';
import type { ClientSource } from './clients/client-source.ts';
import type { ClientRegistrar } from './clients/registrar.ts';
import type { SigningKeys } from './keys/index.ts';
import type { OpeningLimits } from './limits/index.ts';
import type { Lifetimes } from './provider/settings.ts';
import type { Admission } from './internal/index.ts';
import type { OwnerMap, OwnersBySpiffeId } from './resources/owner-map.ts';
import type { Upstreams } from './upstreams/index.ts';

export interface AuthorizationServerOptions {
  /** Where clients and browsers reach this server; its origin is the issuer. */
  readonly publicUrl: URL;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly trail: AuditTrail;
  /** Of the vault, which was given `apiSecretColumn`. */
  readonly sealer: SecretSealer;
  readonly signIn: SignInServices;
  readonly users: UserDirectory;
  readonly standings: Standings;
  readonly agents: AgentStandings;
  readonly owners: OwnerMap & OwnersBySpiffeId;
  readonly federation: FederationParts;
  readonly clients: ClientSource;
  /** Where clients register themselves; nobody does without it. */
  readonly registrar?: ClientRegistrar;
  /** Whether `clients` finds those that publish a metadata document. */
  readonly documents?: boolean;
  readonly keys: Pick<SigningKeys, 'current'>;
  /** News of changes to people and keys in this process: `ChangeFrame.changes`. */
  readonly changes: { onChange(told: () => void): void };
  /** For what clients publish: `guardedFetch`. */
  readonly fetch: typeof fetch;
  readonly lifetimes?: Lifetimes;
  /** How much strangers may have open. */
  readonly openings?: OpeningLimits;
  /** What the pages look like. */
  readonly theme?: ThemeSettings | undefined;
  /** Issuers whose assertions are taken for a sign-in; none by default. */
  readonly trustedIssuers?: () => readonly TrustedIssuer[];
  /**
   * Whether a token for the resource `audience` opens all of `resource`, which is then a part of it. Where it is left
   * out no resource is part of another.
   */
  readonly opens?: (audience: string, resource: string) => boolean;
  /** Where clients that show a certificate reach it; undefined where none can. Asked for by the first request. */
  readonly agentsUrl?: () => Promise<URL | undefined>;
  /** Of the internal listener, where there is one. */
  readonly internal?: InternalExchanges | undefined;
}

/** Who comes in at the internal listener, and how much. */
export interface InternalExchanges extends Admission {
  /** How many exchanges one owner has. */
  readonly requestsPerMinute: number;
}

/** What signing in at identity providers, and keeping their tokens, stands on. */
export interface FederationParts {
  /** The `kind: upstream` documents of now. */
  readonly declared: () => readonly UpstreamCommon[];
  /** Over the same documents; closed with the server. */
  readonly upstreams: Upstreams;
  readonly frame: ChangeFrame;
  /** Of the vault, which was given `grantTokensColumn`. */
  readonly envelope: Vault['envelope'];
}
