import type { CredentialRefusal, PeerFacts, Principal, ResourcePlace, TokenVerifier } from '#contract';
import type { ChangeFeed } from '#db';
import type { SubjectStanding } from '#identity';
import { err, ok, type Clock, type Result } from '#kernel';
import type { Confirmations } from './confirmation/index.ts';
import type { Issuer } from './issuer.ts';
import { personPrincipal, strangerPrincipal } from './principal.ts';
import { admissionOf } from './resources/admission.ts';
import { placeOfUrl } from './resources/resource-url.ts';
import { introspecting, type Services } from './services/services.ts';
import type { Checked, TokenService } from './services/token-service.ts';
import { isMangledJwt, jwtShape, type JwtShape } from './tokens/jwt-shape.ts';
import { digestOf, VerifiedTokens } from './tokens/verified-tokens.ts';

/** Whom an issuer means by a subject. */
export interface People {
  ofSubject(issuer: string, subject: string, namespace: string): Promise<SubjectStanding>;
}

type Verdict = Result<Principal, CredentialRefusal>;

/** A token that counts: which service says so. */
interface Accepted {
  readonly checked: Checked & { readonly ok: true };
  readonly service: TokenService;
  readonly introspected: boolean;
}
type Known = Accepted | { readonly checked: Checked & { readonly ok: false } };

/** More than a header holds is no token. */
const MOST_LENGTH = 16_384;
/** An issuer may take back an opaque token at any time; for so long we do not hear of it. */
export const INTROSPECTED_MS = 60_000;
/** A token that does not count is looked at once in this time. */
const REFUSED_MS = 10_000;

/**
 * Access tokens behind `Bearer ` and `DPoP `: of our own issuer, which verifies them itself, and of the services that
 * the configuration trusts. One that was verified is not verified again until it ends, its issuer has other
 * keys, or something is said to have changed (`forget`).
 */
export class BearerTokens implements TokenVerifier {
  readonly #services: Services;
  readonly #issuers: () => readonly Issuer[];
  readonly #people: People;
  readonly #clock: Clock;
  readonly #publicUrl: () => URL;
  readonly #confirmations: Confirmations;
  readonly #sessionsOf: string | undefined;
  readonly #tokens = new VerifiedTokens<Known, Known>();
  readonly #principals: VerifiedTokens<Principal, never>;
  /** The same object for the same principal: what is worked out of one is remembered by it. */
  readonly #vouched = new WeakMap<Principal, Principal>();

  constructor(parts: {
    readonly services: Services;
    readonly issuers: () => readonly Issuer[];
    readonly people: People;
    readonly changes: ChangeFeed | undefined;
    readonly clock: Clock;
    readonly publicUrl: () => URL;
    readonly confirmations: Confirmations;
    /** As `ResourceServerOptions` has it. */
    readonly sessionsOf?: string | undefined;
  }) {
    this.#services = parts.services;
    this.#issuers = parts.issuers;
    this.#people = parts.people;
    this.#clock = parts.clock;
    this.#publicUrl = parts.publicUrl;
    this.#confirmations = parts.confirmations;
    this.#sessionsOf = parts.sessionsOf;
    this.#principals = new VerifiedTokens(parts.changes);
  }

  /** Whose token it is, where it opens the resource that is asked for and came from whom it is bound to; never throws. */
  verify(token: string, facts: PeerFacts = {}): Verdict | Promise<Verdict> {
    const verdict = this.#whoseOf(token, facts);
    if (verdict instanceof Promise) return verdict.then((read) => this.#confirmed(read, token, facts));
    return this.#confirmed(verdict, token, facts);
  }

  /** What a token says is remembered; that its sender has its key is not. */
  #confirmed(verdict: Verdict, token: string, { presentation }: PeerFacts): Verdict | Promise<Verdict> {
    if (!verdict.ok || (verdict.value.cnf === undefined && presentation?.scheme !== 'DPoP')) return verdict;
    return this.#confirmations.confirm(verdict.value, token, presentation);
  }

  #whoseOf(token: string, { resource, address }: PeerFacts): Verdict | Promise<Verdict> {
    if (token.length > MOST_LENGTH) return err({ reason: 'malformed', detail: 'the token is too long' });
    // A token is for something: where it is not known what is asked for, it is for something else.
    if (resource === undefined) return err({ reason: 'mismatch', detail: 'no resource is being asked for' });
    // Before what is remembered: a reload may have taken a service away.
    this.#services.all();
    const now = this.#clock.now();
    const digest = digestOf(token);
    const key = resource.kind === 'api' ? undefined : `${resource.namespace} ${digest}`;
    if (key !== undefined) {
      const known = this.#tokens.recall(key, now);
      if (known !== undefined && !('service' in known)) return known.checked;
      if (known !== undefined && (known.introspected || known.service.keysTrusted)) {
        const refusal = openingOf(resource);
        const principal = this.#principals.recall(key, now);
        if (refusal !== undefined) return refusal;
        return principal === undefined ? this.#whose(key, known) : ok(principal);
      }
    }
    const shape = jwtShape(token);
    if (shape === undefined && isMangledJwt(token))
      return err({ reason: 'malformed', detail: 'no JWT has such parts' });
    const own = this.#issuers().find(({ issuer }) => issuer === shape?.payload?.['iss']);
    if (own !== undefined) return this.#ofOwn(own, token, shape?.payload?.['aud'], { resource, address });
    const refusal = openingOf(resource);
    if (refusal !== undefined) return refusal;
    return this.#ofService(token, shape, key as string, (resource as { namespace: string }).namespace);
  }

  /** Forgets every verdict; those on their way are not kept when they arrive. */
  forget(): void {
    this.#tokens.forget();
    this.#principals.forget();
  }

  /** Forgets who people are; what was verified of their tokens stays. */
  peopleChanged(): void {
    this.#principals.forget();
  }

  /** Who is asked is decided by the audience that the token claims; whoever is asked believes nothing of it. */
  async #ofOwn(
    own: Issuer,
    token: string,
    claimed: unknown,
    facts: PeerFacts & { readonly resource: ResourcePlace },
  ): Promise<Verdict> {
    const isForTool = typeof claimed === 'string' && placeOfUrl(this.#publicUrl(), claimed)?.kind === 'tool';
    const verifier = isForTool ? own.credentials : own.verifier;
    if (verifier === undefined) return err({ reason: 'unknown', detail: 'no credentials are vended here' });
    try {
      const verified = await verifier.verify(token, { ...facts, checksConfirmation: true });
      if (!verified.ok) return verified;
      const { aud } = verified.value;
      const audience = aud === undefined ? undefined : placeOfUrl(this.#publicUrl(), aud);
      if (audience === undefined || !admissionOf(audience, facts.resource).admitted) {
        return err({ reason: 'mismatch', detail: 'the token is for another resource' });
      }
      return ok(this.#vouchedFor(verified.value, own, facts.resource));
    } catch (error) {
      return err({ reason: 'unavailable', detail: (error as Error).message });
    }
  }

  /**
   * The principal, as the service of the namespace vouches for it that names us as its issuer and the token's
   * audience as its own: then parameters whose value is a claim of that service are filled from the token itself.
   */
  #vouchedFor(principal: Principal, { issuer }: Issuer, asked: ResourcePlace): Principal {
    const { via, aud } = principal;
    if (via.method !== 'token' || !('namespace' in asked)) return principal;
    const service = this.#services
      .all()
      .find(
        ({ declaration: one }) =>
          one.type === 'generic' &&
          one.namespace === asked.namespace &&
          one.authorizationServer === issuer &&
          one.audience === aud,
      )?.declaration.name;
    if (service === undefined) return principal;
    const known = this.#vouched.get(principal);
    if (known?.via.method === 'token' && known.via.service === service) return known;
    const vouched = Object.freeze({ ...principal, via: Object.freeze({ ...via, service }) });
    this.#vouched.set(principal, vouched);
    return vouched;
  }

  async #ofService(token: string, shape: JwtShape | undefined, key: string, namespace: string): Promise<Verdict> {
    const known = await this.#tokens.once(key, () => this.#check(token, shape, key, namespace));
    return 'service' in known ? await this.#whose(key, known) : known.checked;
  }

  async #check(token: string, shape: JwtShape | undefined, key: string, namespace: string): Promise<Known> {
    const keep = this.#tokens.asking();
    const known = await this.#ask(token, shape, namespace);
    const now = this.#clock.now();
    if ('service' in known) {
      const { endsAt } = known.checked.value;
      keep.accept(key, known, known.introspected ? Math.min(endsAt, now + INTROSPECTED_MS) : endsAt);
    } else if (known.checked.error.reason !== 'unavailable') keep.refuse(key, known, now + REFUSED_MS);
    return known;
  }

  async #ask(token: string, shape: JwtShape | undefined, namespace: string): Promise<Known> {
    const services = this.#services.lettingIn(namespace);
    if (shape === undefined) {
      const service = introspecting(services, token);
      return service === undefined ? NOBODYS : knownFrom(await service.introspect(token), service, true);
    }
    // One issuer can have several audiences here. Nobody else's service sees the token.
    let refused: Known = NOBODYS;
    for (const service of services.filter((one) => one.isIssuer(shape.payload?.['iss']))) {
      const force = service.declaration.type === 'generic' && service.declaration.forceIntrospection === true;
      const checked = force ? await service.introspect(token) : await service.verifyJwt(token, shape, 'bearer');
      const known = knownFrom(checked, service, force);
      if (checked.ok) return known;
      // That one of them could not be asked says more than that another did not want it.
      if (refused.checked.ok || refused.checked.error.reason !== 'unavailable') refused = known;
    }
    return refused;
  }

  /** The principal behind a token that counts. */
  async #whose(key: string, { checked, service }: Accepted): Promise<Verdict> {
    const keep = this.#principals.asking();
    const token = checked.value;
    const { namespace, name } = service.declaration;
    const acceptor = { namespace, service: name, sessionsOf: this.#sessionsOf };
    let standing: SubjectStanding;
    try {
      standing = await this.#people.ofSubject(token.issuer, token.subject, namespace);
    } catch (error) {
      return err({ reason: 'unavailable', detail: (error as Error).message });
    }
    if (standing === 'disabled') return err({ reason: 'disabled', detail: `a subject of ${token.issuer}` });
    const principal =
      standing === 'unknown' ? strangerPrincipal(token, acceptor) : personPrincipal(token, acceptor, standing);
    keep.accept(key, principal, token.endsAt);
    return ok(principal);
  }
}

const NOBODYS: Known = {
  checked: { ok: false, error: { reason: 'unknown', detail: 'no service of this namespace issues such tokens' } },
};

function knownFrom(checked: Checked, service: TokenService, introspected: boolean): Known {
  return checked.ok ? { checked, service, introspected } : { checked };
}

/** Other issuers vouch for who lists and calls tools; what administers is opened by our own tokens alone. */
function openingOf({ kind }: ResourcePlace): Verdict | undefined {
  if (kind === 'mcp' || kind === 'rest') return undefined;
  return err({ reason: 'mismatch', detail: 'tokens of other issuers open MCP and its REST, and nothing else' });
}
