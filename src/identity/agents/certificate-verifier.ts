import { BoundedCache, err, ok, type ChatelaineError, type Clock, type Result } from '#kernel';
import type { Access, CredentialRefusal, Principal } from '#contract';
import type { Database } from '#db';
import { ChangeWatch } from '../change-watch.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import { standingOfAgent } from '../roles/standing.ts';
import { findAgentBySpiffeId } from '../store/agents-store.ts';
import { agentPrincipal } from './agent-principal.ts';

type Verdict = Result<Principal, CredentialRefusal>;

/** What a listener has verified of a client's certificate. */
export interface PeerCertificate {
  readonly spiffeId: string;
  /** Hexadecimal. */
  readonly serial: string;
}

const KEPT = 10_000;
/** A certificate lists and calls; who administers has a credential that was made for it. */
const USE: ReadonlySet<Access> = new Set(['read', 'execute']);

/**
 * Turns the SPIFFE ID of a certificate that a listener has verified into its agent. Remembered like keys,
 * and forgotten for the same reasons; strangers are not remembered, since their number has no bound.
 */
export class CertificateVerifier {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #declared: DeclaredBindings;
  readonly #known = new BoundedCache<string, Principal>(KEPT);
  readonly #watch: ChangeWatch;
  #generation = 0;

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly declared: DeclaredBindings }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#declared = parts.declared;
    this.#watch = new ChangeWatch(parts.database.changes, () => this.forget());
  }

  /** The agent that is known by that SPIFFE ID, or why there is none; never throws. */
  async verify({ spiffeId, serial }: PeerCertificate): Promise<Verdict> {
    this.#watch.look(this.#clock.now());
    const via = Object.freeze({ method: 'certificate', spiffeId, serial } as const);
    const known = this.#known.get(spiffeId);
    if (known !== undefined) return ok(Object.freeze({ ...known, via }));
    const generation = this.#generation;
    try {
      const found = await findAgentBySpiffeId(this.#database.db, spiffeId);
      if (found === undefined) return err({ reason: 'unknown', detail: spiffeId });
      if (found.cutOffAt !== null) return err({ reason: 'disabled', detail: `agent ${found.agent.id}` });
      const standing = await standingOfAgent(this.#database.db, this.#declared, found.agent);
      const principal = agentPrincipal(found.agent, standing, { access: USE, scopes: new Set(), via });
      if (generation === this.#generation) this.#known.set(spiffeId, principal);
      return ok(principal);
    } catch (error) {
      return err({ reason: 'unavailable', detail: (error as ChatelaineError).message });
    }
  }

  forget(): void {
    this.#generation++;
    this.#known.clear();
  }
}
