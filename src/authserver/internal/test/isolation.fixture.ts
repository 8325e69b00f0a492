/** The real thing beside the model: people with browsers, certificates, documents, and the listener they all meet at. */
import { Agent } from 'node:https';
import { onTestFinished } from 'vitest';
import type { DeclaredOwner } from '#authserver';
import { operator } from '#identity';
import { svid, testAuthority, type TestCertificate } from '../../../../test/certificates.ts';
import { Surfer } from '../../../../test/surfer.ts';
import { ask as askAt } from '../../test/code-flow.fixture.ts';
import { letIn, type LetIn } from '../../test/federated.fixture.ts';
import { ask, startExchange, type Answer, type ExchangePlace } from './exchange.fixture.ts';
import {
  type IsolationModel,
  OWNERS,
  ownerName,
  PEOPLE,
  spiffeIdOf,
  UPSTREAM,
  type ModelOwner,
  type ModelPeer,
  type Verdict,
} from './isolation.model.ts';

const HOUR = 3_600_000;
/**
 * What signs tokens goes by the clock of the system, and tokens live for 15 minutes: a sequence that began later, and
 * moved the clock as far as it may, would end with dead ones.
 */
const MOST_MOVED = 200_000;

export class IsolationWorld {
  #place!: ExchangePlace;
  #accounts: string[] = [];
  #born = 0;
  #moved = Infinity;
  #agents = new Map<string, { readonly agent: Agent; readonly serial: string }>();
  #revoked: { readonly serial: string; readonly certificate: TestCertificate; readonly spiffeId: string }[] = [];
  readonly #stranger = testAuthority('Owners CA');
  /** Pairs of person and owner that a session of before any sequence keeps together: grants end with the last one. */
  #kept = new Set<string>();
  #linked = new Set<string>();
  /** Whose each token of the provider is, once it was seen. */
  #holders = new Map<string, string>();
  #nothing: Answer | undefined;
  sessions: LetIn[] = [];
  /** How often each verdict was tried: a search that never comes to one says nothing of it. */
  readonly tried = new Map<Verdict['is'], number>();

  /** Everybody there, and no session; on the same server as long as its clock allows. */
  async reset(model: IsolationModel): Promise<void> {
    if (this.#moved > MOST_MOVED) await this.#start();
    this.sessions = [];
    this.declare(model);
  }

  async #start(): Promise<void> {
    this.#place = await startExchange({
      owners: [],
      crl: (authority) => authority.revocationList({ nextUpdate: new Date(Date.now() + 48 * HOUR) }),
      internal: { requestsPerMinute: 1_000_000 },
    });
    this.#moved = 0;
    for (const { agent } of this.#agents.values()) agent.destroy();
    this.#agents = new Map();
    [this.#kept, this.#linked] = [new Set(), new Set()];
    [this.#revoked, this.#holders, this.#nothing] = [[], new Map(), undefined];
    this.#accounts = Array.from({ length: PEOPLE }, () => this.#newcomer());
  }

  #newcomer(): string {
    const account = `person-${this.#born++}`;
    this.#place.idp.accounts.set(account, {});
    return account;
  }

  declare({ owners }: IsolationModel): void {
    const documents = owners
      .filter(({ declared }) => declared)
      .map((owner): DeclaredOwner => {
        const { namespace, name, resource, upstreams, uid, kind } = owner;
        return {
          namespace,
          name,
          resource,
          upstreams,
          uid,
          scopes: ['read:flights'],
          spiffeId: spiffeIdOf(owner, kind),
        };
      });
    this.#place.owners.splice(0, Infinity, ...documents);
  }

  async #surfer(person: number): Promise<Surfer> {
    const { process } = this.#place;
    const { browser } = await process.person(this.#accounts[person] as string);
    return new Surfer(process, browser);
  }

  /** `links`: whoever has no account linked there does so. */
  async signIn(person: number, owner: ModelOwner, links: boolean): Promise<void> {
    const { clock, process } = this.#place;
    // Whoever signs in after a document has changed does so after, not in the same millisecond.
    clock.advance(10);
    const [surfer, pair] = [await this.#surfer(person), `${person} ${ownerName(owner)}`];
    if (!this.#kept.has(pair)) await letIn(process, surfer, { resource: owner.resource });
    this.#kept.add(pair);
    this.sessions.push(await letIn(process, surfer, { resource: owner.resource }));
    clock.advance(10);
    if (!links || this.#linked.has(pair)) return;
    this.#place.idp.account = this.#accounts[person];
    await surfer.connect(ownerName(owner), UPSTREAM);
    this.#linked.add(pair);
    this.#holders.set(this.#place.idp.accessTokens.at(-1) as string, `${pair} ${UPSTREAM}`);
  }

  async unlink(person: number, owner: string): Promise<void> {
    if (!this.#linked.delete(`${person} ${owner}`)) return;
    await (await this.#surfer(person)).disconnect(owner, UPSTREAM);
  }

  /** The client revokes its refresh token (RFC 7009). */
  async revoke(session: number): Promise<void> {
    const { refreshToken } = this.sessions[session] as LetIn;
    await askAt(this.#place.process, '/oauth/revoke', { client_id: 'c1', token: refreshToken });
  }

  async signOut(session: number): Promise<void> {
    await this.#place.end((this.sessions[session] as LetIn).accessToken);
  }

  /** In the next sequence somebody else stands in their place. */
  async disable(person: number): Promise<void> {
    const { process } = this.#place;
    const { id } = await process.person(this.#accounts[person] as string);
    await process.users.disable(operator(), id);
    this.#accounts[person] = this.#newcomer();
    for (const owner of OWNERS) for (const pairs of [this.#kept, this.#linked]) pairs.delete(`${person} ${owner}`);
  }

  later(ms: number): void {
    this.#moved += ms;
    this.#place.clock.advance(ms);
  }

  #agentOf(spiffeId: string): Agent {
    const known = this.#agents.get(spiffeId);
    if (known !== undefined) return known.agent;
    const { cert, key, serial } = this.#place.certificate(spiffeId);
    const ca = this.#place.serverCa.cert;
    const agent = new Agent({ keepAlive: true, maxSockets: 4, servername: 'localhost', ca, cert, key });
    onTestFinished(() => agent.destroy());
    this.#agents.set(spiffeId, { agent, serial });
    return agent;
  }

  /** The next connection shows another certificate. */
  rotate(spiffeId: string): void {
    this.#agents.get(spiffeId)?.agent.destroy();
    this.#agents.delete(spiffeId);
  }

  async revokeCertificate(spiffeId: string): Promise<void> {
    this.rotate(spiffeId);
    const certificate = this.#place.certificate(spiffeId);
    this.#revoked = [{ serial: certificate.serial, certificate, spiffeId }, ...this.#revoked].slice(0, 6);
    const contents = {
      revoked: this.#revoked.map(({ serial }) => serial),
      nextUpdate: new Date(this.#place.clock.now() + 48 * HOUR),
    };
    await this.#place.replace('crl', this.#place.authority.revocationList(contents));
  }

  /** Whether there is such a certificate to try with. */
  hasRevoked(spiffeId: string): boolean {
    return this.#revoked.some((one) => one.spiffeId === spiffeId);
  }

  #shown(peer: ModelPeer, spiffeId: string): { agent?: Agent; certificate?: TestCertificate | undefined } {
    if (peer.flaw === 'stranger') return { certificate: this.#stranger.issue([], svid(spiffeId)) };
    if (peer.flaw === 'unregistered') return { certificate: this.#place.certificate(`${spiffeId}-x`) };
    if (peer.flaw === 'none') return { agent: this.#agentOf(spiffeId) };
    return { certificate: this.#revoked.find((one) => one.spiffeId === spiffeId)?.certificate };
  }

  /** One exchange, over a connection that shows this. */
  exchange(peer: ModelPeer, spiffeId: string, session: number, audience: string | undefined): Promise<Answer> {
    const { accessToken } = this.sessions[session] as LetIn;
    return ask(this.#place, accessToken, { ...this.#shown(peer, spiffeId), fields: { audience } });
  }

  /** What a token that nobody signed gets, from an owner that there always is. */
  async answerToNothing(): Promise<Answer> {
    if (this.#nothing !== undefined) return this.#nothing;
    const spiffeId = 'spiffe://td.test/ns/ns-z/mcpserver/srv-z';
    const owner = { namespace: 'ns-z', name: 'srv-z', resource: 'https://z.example/mcp', upstreams: [UPSTREAM] };
    this.#place.owners.push({ ...owner, scopes: [], spiffeId });
    return (this.#nothing = await ask(this.#place, 'x.y.z', { agent: this.#agentOf(spiffeId) }));
  }

  /** Whether the token is of that person, owner and upstream, and has never been anybody else's. */
  async isOf(token: string, person: number, owner: string, upstream: string): Promise<boolean> {
    const holder = `${person} ${owner} ${upstream}`;
    const known = this.#holders.get(token);
    if (known !== undefined) return known === holder;
    this.#holders.set(token, holder);
    // One that came of a refresh: the provider says whom it takes it for.
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${this.#place.idp.issuer}/me`, { headers });
    return ((await answer.json()) as { readonly sub?: string }).sub === this.#accounts[person];
  }
}
