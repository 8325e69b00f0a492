import {
  DPOP_ALGORITHMS,
  type AuthServiceDeclaration,
  type CredentialRefusal,
  type PeerFacts,
  type Presentation,
  type Principal,
  type ProofFault,
  type ResourcePlace,
  type SecretReader,
  type TokenVerifier,
} from '#contract';
import type { ChangeFeed } from '#db';
import type { Clock, Result } from '#kernel';
import { Confirmations, type ConfirmationParts } from './confirmation/index.ts';
import { BearerTokens, type People } from './bearer-tokens.ts';
import type { Issuer } from './issuer.ts';
import { NativeTokens } from './native-tokens.ts';
import type { GooglePlaces } from './provider/google.ts';
import type { IntrospectionClient } from './provider/introspection.ts';
import { admissionOf } from './resources/admission.ts';
import { metadataDocument } from './resources/metadata.ts';
import { originReached } from './resources/loopback-origin.ts';
import { metadataUrl, placeOfUrl } from './resources/resource-url.ts';
import { Services } from './services/services.ts';
import type { ServiceState } from './services/token-service.ts';
import type { CheckedToken } from './tokens/claims.ts';

export interface ResourceServerOptions {
  /** The `kind: authService` documents as they are now; asked at each use, since a reload replaces them. */
  readonly services: () => readonly AuthServiceDeclaration[];
  /** Our own authorization server, where there is one, as it is now: it stands first in metadata. */
  readonly issuers?: () => readonly Issuer[];
  /**
   * The issuer whose tokens of sessions (`tsid`) are exchanged elsewhere for those of identity providers; of any other
   * a `tsid` says nothing to us.
   */
  readonly sessionsOf?: string | undefined;
  readonly people: People;
  /** What other processes change of people; nothing without it. */
  readonly changes?: ChangeFeed;
  readonly secrets: SecretReader;
  /** Who asks introspection endpoints where the document does not say. */
  readonly introspectionClient?: IntrospectionClient | undefined;
  /** Google's addresses; a test has its own. */
  readonly google?: GooglePlaces;
  /** What proofs of possession are checked with; without it a token that DPoP binds opens nothing. */
  readonly confirmation?: ConfirmationParts;
  readonly clock: Clock;
}

/** What a refusal at a door says of how to get in. */
export interface DoorChallenge {
  /** That every credential needs at this door. */
  readonly scopes: readonly string[];
  /** Where the metadata of the door stand; undefined where no issuer could be named. */
  readonly metadata: string | undefined;
  /** What DPoP proofs may be signed with there; none where none are taken. */
  readonly proofs: readonly string[];
}

/** How an `authService` is, for `/readyz`. */
export interface ServiceStanding {
  readonly namespace: string;
  readonly name: string;
  readonly state: ServiceState;
}

/** The resource server: whose tokens open which doors, and what the doors say of it. */
export class ResourceServer implements TokenVerifier {
  readonly #services: Services;
  readonly #issuers: () => readonly Issuer[];
  readonly #bearer: BearerTokens;
  readonly #native: NativeTokens;
  readonly #confirmations: Confirmations;
  #publicUrl = new URL('http://localhost');
  #agentsUrl: URL | undefined;

  constructor(options: ResourceServerOptions) {
    const { clock, secrets, introspectionClient, google, people, issuers = () => [] } = options;
    const forget = (): void => this.forget();
    const services = new Services(
      options.services,
      { clock, secrets, google, rotated: forget },
      introspectionClient,
      forget,
    );
    this.#services = services;
    this.#issuers = issuers;
    const publicUrl = (): URL => this.#publicUrl;
    const urls = () => ({ public: this.#publicUrl, agents: this.#agentsUrl });
    const confirmations = new Confirmations(options.confirmation, clock, urls);
    this.#confirmations = confirmations;
    this.#bearer = new BearerTokens({
      ...{ services, issuers, people, clock, publicUrl, confirmations },
      changes: options.changes,
      sessionsOf: options.sessionsOf,
    });
    this.#native = new NativeTokens({ services, people, clock });
  }

  /** Where clients reach the doors, and those that show certificates; known once the listeners have their ports. */
  reachedAt(publicUrl: URL, agentsUrl?: URL): void {
    this.#publicUrl = publicUrl;
    this.#agentsUrl = agentsUrl;
  }

  /** The principal behind an access token that opens the resource asked for; never throws. */
  verify(token: string, facts?: PeerFacts): ReturnType<TokenVerifier['verify']> {
    return this.#bearer.verify(token, facts);
  }

  /** A token in a header of its own, as that service of the namespace sees it; never rejects. */
  verifyNative(
    at: { readonly namespace: string; readonly service: string },
    token: string,
  ): Promise<Result<CheckedToken, CredentialRefusal>> {
    return this.#native.verify(at, token);
  }

  /** The key behind the proof of a request that asks for a token; see `Confirmations.keyOf`. */
  keyOf(presentation: Presentation): Promise<Result<string, ProofFault>> {
    return this.#confirmations.keyOf(presentation);
  }

  /**
   * The scopes that a credential needs to come in at a door of the namespace: those of the service that
   * vouches for it, or of all where none does. An API key is no way around them.
   */
  scopesFor(namespace: string, principal?: Principal): readonly string[] {
    const services = this.#services.lettingIn(namespace);
    if (services.length === 0) return NONE;
    const service = principal?.via.method === 'token' ? principal.via.service : undefined;
    const own = services.find(({ declaration }) => declaration.name === service);
    if (own !== undefined) return own.declaration.scopesRequired ?? NONE;
    // A service that a reload has just taken away asks for nothing any more, and must not be a way around the others.
    return [...new Set(services.flatMap(({ declaration }) => declaration.scopesRequired ?? NONE))];
  }

  /** `host` is the `Host` of the request that is answered. */
  challengeAt(place: ResourcePlace, host?: string): DoorChallenge {
    const isOpened = this.#issuersAt(place).length > 0;
    return {
      scopes: place.kind === 'api' ? NONE : this.scopesFor(place.namespace),
      metadata: isOpened ? metadataUrl(this.#reached(host), place) : undefined,
      proofs: isOpened && this.#confirmations.offered ? DPOP_ALGORITHMS : NONE,
    };
  }

  /** The metadata of a door with tools of those scopes; undefined where no issuer's tokens open it. */
  metadataAt(place: ResourcePlace, toolScopes: Iterable<string>, host?: string): string | undefined {
    const issuers = this.#issuersAt(place);
    if (issuers.length === 0) return undefined;
    const { scopes: needed, proofs } = this.challengeAt(place);
    const scopes = [...new Set([...needed, ...toolScopes])].toSorted();
    const certificates = this.#agentsUrl !== undefined;
    return metadataDocument(this.#reached(host), place, { issuers, scopes, proofs, certificates });
  }

  /** The toolset that is all a caller sees at that door; undefined for everything there. */
  narrowing({ aud }: Principal, asked: ResourcePlace): string | undefined {
    const audience = aud === undefined ? undefined : placeOfUrl(this.#publicUrl, aud);
    const admission = audience === undefined ? undefined : admissionOf(audience, asked);
    return admission?.admitted === true ? admission.toolset : undefined;
  }

  /** Whether the caller came with a credential for one tool, which is good for nothing else. */
  isForOneTool({ aud }: Principal): boolean {
    return aud !== undefined && placeOfUrl(this.#publicUrl, aud)?.kind === 'tool';
  }

  /** How each service is; asks those that nobody has asked yet. Never rejects. */
  async standings(): Promise<readonly ServiceStanding[]> {
    return await Promise.all(
      this.#services.all().map(async (service) => {
        const { namespace, name } = service.declaration;
        return { namespace, name, state: await service.state() };
      }),
    );
  }

  /** How much was verified and asked, by service: the work that remembering is for. */
  counts(): Readonly<Record<string, { readonly signatures: number; readonly introspections: number }>> {
    return Object.fromEntries(
      this.#services
        .all()
        .map(({ declaration, counts }) => [`${declaration.namespace}/${declaration.name}`, { ...counts }]),
    );
  }

  /** Forgets every verdict at once: something was revoked, disabled or rotated. */
  forget(): void {
    this.#bearer.forget();
    this.#native.forget();
  }

  /** Forgets who people are and what they may: somebody was disabled, or given a role. */
  peopleChanged(): void {
    this.#bearer.peopleChanged();
  }

  async close(): Promise<void> {
    await this.#services.close();
  }

  #issuersAt(place: ResourcePlace): readonly string[] {
    const own = this.#issuers();
    const services = place.kind === 'mcp' || place.kind === 'rest' ? this.#services.lettingIn(place.namespace) : [];
    // Clients take the first (RFC 9728 §7.6).
    const ordered = own.some(({ yields }) => yields === true) ? [...services, ...own] : [...own, ...services];
    return [...new Set(ordered.map(({ issuer }) => issuer))];
  }

  #reached(host: string | undefined): URL {
    return originReached(this.#publicUrl, host);
  }
}

const NONE: readonly string[] = Object.freeze([]);
