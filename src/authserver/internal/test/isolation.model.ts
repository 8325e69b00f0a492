/** Who may have whose token at the internal listener, as plain data: what the real thing is held against. */

/** An owner as its document has it now. */
export interface ModelOwner {
  readonly namespace: string;
  readonly name: string;
  kind: 'mcpserver' | 'gateway';
  uid: string | undefined;
  resource: string;
  upstreams: readonly string[];
  declared: boolean;
}

/** A sign-in, with the token that the client has of it. */
export interface ModelSession {
  readonly person: number;
  readonly owner: string;
  readonly resource: string;
  readonly upstreams: readonly string[];
  readonly began: number;
  live: boolean;
}

/** What stands at the other end: a certificate for one of the two IDs of an owner, and what is the matter with it. */
export interface ModelPeer {
  readonly owner: number;
  readonly kind: ModelOwner['kind'];
  readonly flaw: 'none' | 'revoked' | 'stranger' | 'unregistered';
}

/** What must come of an attempt. `subject` is the one answer to every token that opens nothing. */
export type Verdict =
  | { readonly is: 'granted'; readonly person: number; readonly owner: string; readonly upstream: string }
  | { readonly is: 'no handshake' | 'nobody' | 'unnamed' | 'subject' | 'not this upstream' | 'not linked' };

export const OWNERS = ['ns-a/srv-a', 'ns-b/srv-b', 'ns-b/srv-a'] as const;
export const PEOPLE = 3;
/** The one upstream at which people link accounts; `other` is declared of owners, and nobody has an account there. */
export const UPSTREAM = 'linked';

export const ownerName = ({ namespace, name }: ModelOwner): string => `${namespace}/${name}`;
export const spiffeIdOf = ({ namespace, name }: ModelOwner, kind: ModelOwner['kind']): string =>
  `spiffe://td.test/ns/${namespace}/${kind}/${name}`;
const resourceOf = (owner: string): string => {
  const [namespace, name] = owner.split('/');
  return `https://${name}.${namespace}.example/mcp`;
};

export class IsolationModel {
  readonly owners: ModelOwner[] = OWNERS.map((owner) => {
    const [namespace = '', name = ''] = owner.split('/');
    const usual = { kind: 'mcpserver', uid: 'first', upstreams: [UPSTREAM], declared: true } as const;
    return { namespace, name, resource: resourceOf(owner), ...usual };
  });
  readonly sessions: ModelSession[] = [];
  readonly unlinked = new Set<string>();
  readonly disabled = new Set<number>();
  /** How often tokens of the provider were to end. */
  refreshes = 0;
  /** Tokens of clients have ended, and nobody signs in any more. */
  late = false;
  readonly #registrations = new Map<string, { readonly identity: string; readonly since: number }>();
  #now = 0;

  /** Somebody signs in towards an owner: from now on it is who it is. */
  signIn(person: number, at: number): void {
    const owner = this.owners[at] as ModelOwner;
    const began = ++this.#now;
    const [name, identity] = [ownerName(owner), identityOf(owner)];
    if (this.#registrations.get(name)?.identity !== identity) this.#registrations.set(name, { identity, since: began });
    const { resource, upstreams } = owner;
    this.sessions.push({ person, owner: name, resource, upstreams, began, live: true });
  }

  end(which: (session: ModelSession) => boolean): void {
    for (const session of this.sessions) if (which(session)) session.live = false;
  }

  /** Invariant 1: person, session, owner and peer agree, or there is no token. */
  judge(peer: ModelPeer, session: ModelSession, audience: string | undefined): Verdict {
    if (peer.flaw === 'stranger') return { is: 'no handshake' };
    const standing = this.owners[peer.owner] as ModelOwner;
    if (peer.flaw !== 'none' || !standing.declared || standing.kind !== peer.kind) return { is: 'nobody' };
    const upstream = audience ?? (standing.upstreams.length === 1 ? standing.upstreams[0] : undefined);
    if (upstream === undefined) return { is: 'unnamed' };
    if (!session.live || session.owner !== ownerName(standing)) return { is: 'subject' };
    const owned = this.owners.find(({ declared, resource }) => declared && resource === session.resource);
    const registered = this.#registrations.get(session.owner);
    const isSame =
      owned === standing && registered?.identity === identityOf(owned) && registered.since <= session.began;
    if (!isSame) return { is: 'subject' };
    if (!session.upstreams.includes(upstream) || !owned.upstreams.includes(upstream))
      return { is: 'not this upstream' };
    const { person, owner } = session;
    if (upstream !== UPSTREAM || this.unlinked.has(`${person} ${owner}`)) return { is: 'not linked' };
    return { is: 'granted', person, owner, upstream };
  }
}

const identityOf = (owner: ModelOwner): string => `${spiffeIdOf(owner, owner.kind)} ${owner.uid ?? ''}`;
