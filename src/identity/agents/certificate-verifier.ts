import { err, ok, type ChatelaineError, type Clock, type Result } from '#kernel';
import type { Access, AgentsBySpiffeId, CredentialRefusal, PeerCertificate, Principal } from '#contract';
import type { Database } from '#db';
import { Remembered } from '../remembered.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import { standingOfAgent } from '../roles/standing.ts';
import { findAgentBySpiffeId } from '../store/agents-store.ts';
import { agentPrincipal } from './agent-principal.ts';

type Verdict = Result<Principal, CredentialRefusal>;

/** A certificate lists and calls; who administers has a credential that was made for it. */
const USE: ReadonlySet<Access> = new Set(['read', 'execute']);

/**
 * Turns the SPIFFE ID of a certificate that a listener has verified into its agent. Remembered like keys,
 * and forgotten for the same reasons; strangers are not remembered, since their number has no bound.
 */
export class CertificateVerifier implements AgentsBySpiffeId {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #declared: DeclaredBindings;
  readonly #known: Remembered<Principal>;

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly declared: DeclaredBindings }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#declared = parts.declared;
    this.#known = new Remembered(parts.database.changes);
  }

  /** The agent that is known by that SPIFFE ID, or why there is none; never throws. */
  async verify({ spiffeId, serial }: PeerCertificate): Promise<Verdict> {
    const via = Object.freeze({ method: 'certificate', spiffeId, serial } as const);
    const known = this.#known.recall(spiffeId, this.#clock.now());
    if (known !== undefined) return ok(Object.freeze({ ...known, via }));
    const keep = this.#known.reading();
    try {
      const found = await findAgentBySpiffeId(this.#database.db, spiffeId);
      if (found === undefined) return err({ reason: 'unknown', detail: spiffeId });
      if (found.cutOffAt !== null) return err({ reason: 'disabled', detail: `agent ${found.agent.id}` });
      const standing = await standingOfAgent(this.#database.db, this.#declared, found.agent);
      const principal = agentPrincipal(found.agent, standing, { access: USE, scopes: new Set(), via });
      keep(spiffeId, principal);
      return ok(principal);
    } catch (error) {
      return err({ reason: 'unavailable', detail: (error as ChatelaineError).message });
    }
  }

  forget(): void {
    this.#known.forget();
  }
}
