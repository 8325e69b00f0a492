import type { Access, CredentialRefusal, PeerFacts, Principal, TokenVerifier } from '#contract';
import type { Database } from '#db';
import { agentPrincipal, Remembered, userPrincipal } from '#identity';
import { err, ok, sha256Hex, type Clock, type Result } from '#kernel';
import { findCredential } from '../store/credentials-store.ts';
import { credentialState, type Credential } from './credential.ts';
import { describe, provedIn, TokenReader, type Claims } from './credential-token.ts';
import type { HolderStandings, TokenSigner, VendableTools } from './ports.ts';

/** A credential that counts, and whom it lets in. */
export interface Accepted {
  readonly credential: Credential;
  readonly principal: Principal;
}

type Verdict = Result<Accepted, CredentialRefusal>;

const USES: readonly Access[] = ['read', 'execute'];

const refused = (reason: CredentialRefusal['reason'], detail: string): Result<never, CredentialRefusal> =>
  err({ reason, detail });

/**
 * Turns the token of a credential into a principal that sees one tool: signature, type, issuer and audience; then
 * what no signature says, that it was not revoked, that its holder may still come in, and that what they came with
 * when it was made goes on. One that passed is remembered by its SHA-256 and forgotten when anything about
 * credentials, people, keys or sessions changes: here at once, and within a second elsewhere.
 */
export class CredentialVerifier implements TokenVerifier {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #signer: TokenSigner;
  readonly #tools: VendableTools;
  readonly #holders: HolderStandings;
  readonly #reader: TokenReader;
  readonly #known: Remembered<Accepted>;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly signer: TokenSigner;
    readonly tools: VendableTools;
    readonly holders: HolderStandings;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#signer = parts.signer;
    this.#tools = parts.tools;
    this.#holders = parts.holders;
    this.#reader = new TokenReader(parts.signer);
    this.#known = new Remembered(parts.database.changes);
  }

  /** How many signatures were looked at. */
  get signatures(): number {
    return this.#reader.signatures;
  }

  forget(): void {
    this.#known.forget();
  }

  /** The principal; never throws. One that is bound to a key is refused, unless whoever asks checks that. */
  verify(
    token: string,
    { checksConfirmation }: PeerFacts = {},
  ): Result<Principal, CredentialRefusal> | Promise<Result<Principal, CredentialRefusal>> {
    const verdict = this.judge(token);
    const principalOf = (judged: Verdict): Result<Principal, CredentialRefusal> => {
      if (!judged.ok) return judged;
      if (checksConfirmation === true || judged.value.credential.cnf === undefined) return ok(judged.value.principal);
      return refused('mismatch', 'it is bound to a key, of which nothing was proved');
    };
    return verdict instanceof Promise ? verdict.then(principalOf) : principalOf(verdict);
  }

  /** The credential with its principal; never throws. Says nothing of the keys that it is bound to. */
  judge(token: string): Verdict | Promise<Verdict> {
    const digest = sha256Hex(token);
    const now = this.#clock.now();
    const known = this.#known.recall(digest, now);
    if (known === undefined) {
      return this.#judge(token, digest).catch((error: unknown) => refused('unavailable', (error as Error).message));
    }
    if (credentialState(known.credential, now) !== 'active') return refused('expired', describe(known.credential));
    // In memory, and asked each time: a reload may have taken the tool away.
    return this.#hasTool(known.credential) ? ok(known) : refused('revoked', describe(known.credential));
  }

  async #judge(token: string, digest: string): Promise<Verdict> {
    const keep = this.#known.reading();
    const claims = await this.#reader.claims(token, this.#clock.now());
    if (!claims.ok) return claims;
    const { jti, aud, sub } = claims.value;
    const credential = await findCredential(this.#database.db, jti as string);
    // The row has the last word: a token that says other things than the one that was issued is none of ours.
    if (credential?.digest !== digest) return refused('unknown', `credential ${String(jti).slice(0, 26)}`);
    const detail = describe(credential);
    if (aud !== this.#signer.audienceOf(credential) || sub !== credential.holder.id) return refused('mismatch', detail);
    const state = credentialState(credential, this.#clock.now());
    if (state !== 'active') return refused(state, detail);
    if (!this.#hasTool(credential)) return refused('revoked', `${detail}: there is no such tool`);
    if (await this.#holders.isShut(credential.namespace)) return refused('disabled', `${detail}: its namespace`);
    if (!(await this.#holders.goesOn(credential.through))) {
      return refused('revoked', `${detail}: the ${credential.through.kind} that it was made with has ended`);
    }
    const principal = await this.#principalOf(credential, claims.value);
    if (principal === undefined) return refused('disabled', `${detail}: its holder`);
    const accepted = Object.freeze({ credential, principal });
    keep(digest, accepted);
    return ok(accepted);
  }

  #hasTool({ namespace, tool }: Credential): boolean {
    return this.#tools.find(namespace, tool) !== undefined;
  }

  /** The holder as they are now, with the credential's rights; undefined where they may not come in. */
  async #principalOf(credential: Credential, claims: Claims): Promise<Principal | undefined> {
    const { holder, namespace, tool, cnf, id } = credential;
    // Whoever may call a tool may see how it is called.
    const uses = credential.scopes.includes('execute') ? USES : USES.filter((use) => credential.scopes.includes(use));
    const door = {
      access: new Set(uses),
      scopes: new Set(credential.scopes),
      allowedTools: new Set([tool]),
      via: Object.freeze({ method: 'token', issuer: this.#signer.issuer, jti: id } as const),
    };
    const { client_id: clientId, aud } = claims;
    const said = {
      aud: aud as string,
      ...(cnf !== undefined && { cnf }),
      ...(typeof clientId === 'string' && clientId !== holder.id && { clientId }),
      ...provedIn(claims),
    };
    if (holder.kind === 'agent') {
      const standing = await this.#holders.agents.ofAgent(holder.id);
      if (standing === undefined || standing.agent.namespace !== namespace) return undefined;
      return Object.freeze({ ...agentPrincipal(standing.agent, standing, door), ...said });
    }
    const standing = await this.#holders.users.ofUser(holder.id);
    return standing && Object.freeze({ ...userPrincipal(standing, { ...door, namespace }), ...said, ...door });
  }
}
