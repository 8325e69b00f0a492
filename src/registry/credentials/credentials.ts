import type { ActionTarget, Principal } from '#contract';
import type { Also, Author, ChangeFrame } from '#identity';
import {
  findCredential,
  listCredentials,
  revokeCredentials,
  revokeWithChildren,
  type CredentialFilter,
} from '../store/credentials-store.ts';
import { MOST_HELD, toolId, type Credential } from './credential.ts';
import type { CredentialVerifier } from './credential-verifier.ts';
import { unknownCredential } from './errors.ts';

/** What a provider is told of a token that counts. */
export interface Valid {
  readonly valid: true;
  readonly credential: Credential;
}
export type Validation = Valid | { readonly valid: false };

const INVALID: Validation = Object.freeze({ valid: false });

/** Credentials that were vended: listing, validating and revoking them. */
export class Credentials {
  readonly #frame: ChangeFrame;
  readonly #verifier: Pick<CredentialVerifier, 'judge'>;

  constructor(parts: { readonly frame: ChangeFrame; readonly verifier: Pick<CredentialVerifier, 'judge'> }) {
    this.#frame = parts.frame;
    this.#verifier = parts.verifier;
  }

  /**
   * Whether a token counts, for the provider of its tool in one of those namespaces. That it is unknown, another
   * tool's, over or revoked is one answer: whoever found a token must not learn what it is good for.
   */
  async validate(
    token: string,
    asked: {
      readonly namespaces: readonly string[] | 'all';
      readonly tool?: string | undefined;
      readonly scope?: string | undefined;
    },
  ): Promise<Validation> {
    const judged = await this.#verifier.judge(token);
    if (!judged.ok) return INVALID;
    const { credential } = judged.value;
    const { namespaces, tool, scope } = asked;
    if (namespaces !== 'all' && !namespaces.includes(credential.namespace)) return INVALID;
    if (tool !== undefined && tool !== toolId(credential)) return INVALID;
    if (scope !== undefined && !credential.scopes.includes(scope)) return INVALID;
    return { valid: true, credential };
  }

  /** A page, the oldest first: the caller's own, and all of the namespaces in which they see everybody's. */
  async list(
    principal: Principal,
    filter: Pick<CredentialFilter, 'namespace' | 'tool' | 'holderId' | 'state'> & {
      readonly seenIn: readonly string[] | 'all';
    },
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly Credential[]> {
    const { seenIn, ...rest } = filter;
    const ownOr = seenIn === 'all' ? undefined : { holderId: principal.sub, namespaces: seenIn };
    return await listCredentials(this.#frame.database.db, { ...rest, ownOr }, page, this.#frame.clock.now());
  }

  /** Those of one holder that count. */
  async ofHolder(holderId: string): Promise<readonly Credential[]> {
    const filter = { holderId, state: 'active' } as const;
    const page = { after: undefined, limit: MOST_HELD };
    return await listCredentials(this.#frame.database.db, filter, page, this.#frame.clock.now());
  }

  /** The credential of that id; undefined for none. */
  known(id: string): Promise<Credential | undefined> {
    return findCredential(this.#frame.database.db, id);
  }

  async find(id: string): Promise<Credential> {
    const found = await this.known(id);
    if (found === undefined) throw unknownCredential(id);
    return found;
  }

  /** Where the credential is, and whether it is the caller's; undefined where there is none. */
  async placeOf(principal: Principal, id: string): Promise<ActionTarget | undefined> {
    const found = await this.known(id);
    return found && { namespace: found.namespace, own: isHolder(principal, found) };
  }

  /**
   * Takes a credential back, and all that were made from it: here when it returns, within a second elsewhere.
   * A second time changes nothing. Throws `CREDENTIAL_UNKNOWN`, and as `ChangeFrame.check` does.
   */
  async revoke(by: Author, id: string, also: Also = async () => {}): Promise<Credential> {
    return await this.#frame.inTransaction(by, changeOf('credential.revoked', '*', id), async (trx) => {
      const found = await findCredential(trx, id);
      const missing = () => unknownCredential(id);
      if (found === undefined) throw missing();
      const target = { namespace: found.namespace, own: isHolder(by.principal, found), missing };
      this.#frame.check(by, 'credential.revoke', target);
      const now = this.#frame.clock.now();
      const revoked = await revokeWithChildren(trx, id, now);
      await also(trx);
      const value = { ...found, revokedAt: found.revokedAt ?? now };
      return { value, details: { revoked, tool: toolId(found) } };
    });
  }

  /** Gives up the credential that the caller came with. */
  async giveUp(by: Author): Promise<void> {
    const { via } = by.principal;
    const id = via.method === 'token' ? via.jti : undefined;
    if (id === undefined) throw unknownCredential('');
    await this.#frame.inTransaction(by, changeOf('credential.revoked', '*', id), async (trx) => {
      const found = await findCredential(trx, id);
      if (found === undefined) throw unknownCredential(id);
      const revoked = await revokeWithChildren(trx, id, this.#frame.clock.now());
      return { value: undefined, details: { revoked, tool: toolId(found) } };
    });
  }

  /**
   * Takes back everything that is meant, of a tool, a holder or a namespace; gives how many. Whoever calls has
   * asked whether the author may.
   */
  async revokeAll(
    by: Pick<Author, 'origin'>,
    meant: { readonly namespace?: string; readonly tool?: string; readonly holderId?: string },
  ): Promise<number> {
    const { namespace, tool, holderId } = meant;
    const name = holderId ?? tool ?? namespace ?? '*';
    const change = changeOf('credential.revoked-all', namespace ?? '*', name);
    return await this.#frame.inTransaction(by, change, async (trx) => {
      const revoked = await revokeCredentials(trx, { namespace, tool, holderId }, this.#frame.clock.now());
      return { value: revoked, details: { revoked } };
    });
  }
}

const isHolder = ({ iss, sub, kind }: Principal, { holder }: Credential): boolean =>
  iss === 'chatelaine' && kind === holder.kind && sub === holder.id;

const changeOf = (type: string, namespace: string, id: string) => ({
  class: 'credential' as const,
  type,
  action: 'revoke',
  object: { kind: 'credential', namespace, name: id.slice(0, 64), id: id.slice(0, 64) },
});
