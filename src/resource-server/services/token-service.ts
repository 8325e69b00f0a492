/**
 * One `authService`: what it takes for a token of its own, and why not. Knows its issuer, its audience and
 * nothing of callers; nothing is fetched before a token asks for it.
 */
import type { AuthServiceDeclaration, CredentialRefusal } from '#contract';
import { err, type Clock, type JsonObject, type Result } from '#kernel';
import type { Keys } from '../provider/key-set.ts';
import { UNKNOWN_KEY_PAUSE_MS } from '../provider/key-set.ts';
import { ASK_MS, unavailable } from '../provider/introspection.ts';
import type { ProviderClient } from '../provider/provider-client.ts';
import type { Refreshed } from '../provider/refreshed.ts';
import { checkClaims, type CheckedToken, type Expected } from '../tokens/claims.ts';
import { headerTrouble, type JwtShape } from '../tokens/jwt-shape.ts';
import { verifySignature } from '../tokens/verify-signature.ts';

export type Checked = Result<CheckedToken, CredentialRefusal>;

/** What tells the types of services apart. */
export interface ServiceParts {
  readonly declaration: AuthServiceDeclaration;
  readonly issuers: Expected['issuers'];
  /** What a bearer token and a token in a header of its own must be for. */
  readonly audiences: { readonly bearer: string; readonly native: string };
  readonly client: ProviderClient;
  readonly keys: Refreshed<Keys>;
  /** Asks the issuer about an opaque token; the claims of one that is active. Never rejects. */
  readonly ask: (token: string) => Promise<Result<JsonObject, CredentialRefusal>>;
  /** What of the claims is kept. */
  readonly trusted?: (claims: JsonObject) => JsonObject;
  readonly clock: Clock;
}

/** How many questions about opaque tokens are under way at once: made-up tokens must not flood the issuer. */
const MOST_ASKED = 64;

export type ServiceState = 'ok' | 'unreachable';

export class TokenService {
  readonly #parts: ServiceParts;
  #asking = 0;
  #lastAsked: 'ok' | 'failed' | undefined;
  /** Exact counts of the work that a cache is for. */
  readonly counts = { signatures: 0, introspections: 0 };

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  get declaration(): AuthServiceDeclaration {
    return this.#parts.declaration;
  }

  /** As its tokens and our metadata write it. */
  get issuer(): string {
    return this.#parts.issuers[0];
  }

  /** Whether a token that calls its issuer that could be one of these. */
  isIssuer(iss: unknown): boolean {
    return typeof iss === 'string' && this.#parts.issuers.includes(iss);
  }

  /** What was verified by keys that may still be trusted; else it must be verified anew. */
  get keysTrusted(): boolean {
    this.#parts.keys.touch();
    return this.#parts.keys.trusted() !== undefined;
  }

  /** A JWT that says it is of this issuer. Never rejects. */
  async verifyJwt(token: string, { header }: JwtShape, as: 'bearer' | 'native'): Promise<Checked> {
    const trouble = headerTrouble(header);
    if (trouble !== undefined) return err({ reason: 'malformed', detail: trouble });
    const { keys } = this.#parts;
    const known = await soon(keys.read());
    if (!known.ok) return unavailable(known.error);
    this.counts.signatures++;
    let claims = await verifySignature(token, known.value.find);
    if (!claims.ok && claims.error === 'no-key') {
      const newer = await soon(keys.again(UNKNOWN_KEY_PAUSE_MS));
      if (!newer.ok) return unavailable(newer.error);
      if (newer.value.print !== known.value.print) {
        this.counts.signatures++;
        claims = await verifySignature(token, newer.value.find);
      }
    }
    if (claims.ok) return this.#check(claims.value, as);
    const { error } = claims;
    return err(error === 'no-key' ? { reason: 'mismatch', detail: 'no key of the issuer is the one it names' } : error);
  }

  /** A token of which only the issuer can say what it is. Never rejects. */
  async introspect(token: string): Promise<Checked> {
    if (this.#asking >= MOST_ASKED) return unavailable('too many tokens are being asked about');
    this.#asking++;
    this.counts.introspections++;
    try {
      const said = await this.#parts.ask(token);
      this.#lastAsked = !said.ok && said.error.reason === 'unavailable' ? 'failed' : 'ok';
      return said.ok ? this.#check(said.value, 'bearer') : said;
    } finally {
      this.#asking--;
    }
  }

  /** Whether the issuer answers, for `/readyz`; asks where nobody has. */
  async state(): Promise<ServiceState> {
    const { keys } = this.#parts;
    const read = await soon(keys.read());
    return !read.ok || keys.failure !== undefined || this.#lastAsked === 'failed' ? 'unreachable' : 'ok';
  }

  async close(): Promise<void> {
    await this.#parts.client.close();
  }

  #check(claims: JsonObject, as: 'bearer' | 'native'): Checked {
    const { audiences, issuers, declaration, clock, trusted } = this.#parts;
    const expected = { issuers, audience: audiences[as], otherAudiences: declaration.otherAudiences ?? [] };
    const checked = checkClaims(trusted?.(claims) ?? claims, expected, clock.now());
    // Proofs are for the credential: a header of its own has no place for one.
    if (as === 'native' && checked.ok && checked.value.cnf !== undefined)
      return err({ reason: 'mismatch', detail: 'the token is bound to a key, of which nothing was proved' });
    return checked;
  }
}

/** Callers wait for so long; what is being fetched comes for the next. */
function soon<Value>(coming: Promise<Result<Value, string>>): Promise<Result<Value, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<Value, string>>();
  const timer = setTimeout(() => resolve(err(`the issuer did not answer within ${ASK_MS} ms`)), ASK_MS);
  void coming.then((read) => {
    clearTimeout(timer);
    resolve(read);
  });
  return promise;
}
