import type { CredentialRefusal, Presentation, Principal, ProofFault } from '#contract';
import type { Database } from '#db';
import { err, ok, type Clock, type Result } from '#kernel';
import { checkProof, normalized, type Proof } from './dpop-proof.ts';
import { ProofNonces } from './proof-nonces.ts';
import { UsedProofs } from './used-proofs.ts';

/** What proofs of possession are checked with. */
export interface ConfirmationParts {
  /** Where proofs that were used are kept. */
  readonly database: Database;
  /** 32 bytes, the same in every process, the authorization server's too. Asked for by the first proof. */
  readonly nonceSecret: () => Promise<Buffer>;
}

/** Where each listener is reached; undefined where nobody has said. */
export type ListenerUrls = Readonly<Record<Presentation['listener'], URL | undefined>>;

type Verdict = Result<Principal, CredentialRefusal>;

/**
 * Whether a token that is bound to keys came from whoever has them. Asked at every request, whatever is
 * remembered of the token: what is proved is the request (RFC 9449 §7; RFC 8705 §3).
 */
export class Confirmations {
  readonly #parts: ConfirmationParts | undefined;
  readonly #clock: Clock;
  readonly #urls: () => ListenerUrls;
  readonly #used: UsedProofs | undefined;
  #nonces: ProofNonces | undefined;
  /** Keys that a request has proved: its proof is used up, and what it began goes on. */
  readonly #proved = new WeakMap<Presentation, string>();

  /** Without `parts` no proof can be told from one that was used, and none counts. */
  constructor(parts: ConfirmationParts | undefined, clock: Clock, urls: () => ListenerUrls) {
    this.#parts = parts;
    this.#clock = clock;
    this.#urls = urls;
    this.#used = parts && new UsedProofs(parts.database, clock);
  }

  /** Whether proofs are checked at all, and so may be asked for. */
  get offered(): boolean {
    return this.#parts !== undefined;
  }

  /** The principal of a token that is bound, or came with a proof, where everything it is bound to was proved. */
  async confirm(principal: Principal, token: string, presentation: Presentation | undefined): Promise<Verdict> {
    const { cnf } = principal;
    if (presentation?.scheme === 'DPoP' && cnf?.jkt === undefined) {
      return refused({ error: 'invalid_token', description: 'the token is not bound to a key of DPoP' });
    }
    const certificate = cnf?.['x5t#S256'];
    // The certificate of the connection, and of no header: those anybody can write (RFC 8705 §6.5).
    if (certificate !== undefined && certificate !== presentation?.certificate) {
      return err({ reason: 'mismatch', detail: 'it is bound to a certificate that the connection did not show' });
    }
    return cnf?.jkt === undefined ? ok(principal) : await this.#prove(principal, cnf.jkt, token, presentation);
  }

  /**
   * The thumbprint of the key behind the proof of a request that asks for a token (RFC 9449 §5). The proof is used
   * up. Rejects as the database does.
   */
  async keyOf(presentation: Presentation): Promise<Result<string, ProofFault>> {
    const proof = await this.#check(undefined, presentation);
    if (!proof.ok) return proof;
    if ((await this.#used?.use(proof.value)) === true) return ok(proof.value.jkt);
    return err({ error: 'invalid_dpop_proof', description: 'the DPoP proof was used before' });
  }

  async #prove(
    principal: Principal,
    jkt: string,
    token: string,
    presentation: Presentation | undefined,
  ): Promise<Verdict> {
    // RFC 9449 §7.2: as a bearer token it would be good to whoever finds it.
    if (presentation === undefined || presentation.scheme !== 'DPoP') {
      return refused({
        error: 'invalid_token',
        description: 'the token is bound to a key: send it as DPoP, with a proof',
      });
    }
    if (presentation.proved === jkt || this.#proved.get(presentation) === jkt) return ok(principal);
    try {
      const proof = await this.#check(token, presentation);
      if (!proof.ok) return refused(proof.error);
      if (proof.value.jkt !== jkt) {
        return refused({ error: 'invalid_token', description: 'the DPoP proof is of another key than the token' });
      }
      // Last, so that only whoever has the token and its key can add to what is kept.
      if ((await this.#used?.use(proof.value)) !== true) {
        return refused({ error: 'invalid_dpop_proof', description: 'the DPoP proof was used before' });
      }
    } catch (error) {
      return err({ reason: 'unavailable', detail: `proofs cannot be checked: ${(error as Error).message}` });
    }
    this.#proved.set(presentation, jkt);
    return ok(principal);
  }

  async #check(
    token: string | undefined,
    { proofs, method, path, listener }: Presentation,
  ): Promise<Result<Proof, ProofFault>> {
    const base = this.#urls()[listener];
    const url = base && normalized(base.origin + path);
    if (this.#parts === undefined || url === undefined) throw new Error('nothing to check them against');
    this.#nonces ??= new ProofNonces(await this.#parts.nonceSecret());
    return await checkProof(proofs, { method, url, token, now: this.#clock.now(), nonces: this.#nonces });
  }
}

const refused = (proof: ProofFault): Verdict => err({ reason: 'mismatch', detail: proof.description, proof });
