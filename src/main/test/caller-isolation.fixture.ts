/** The real thing beside the model: people with accounts, the gateway that they and an agent call, and what is behind it. */
import { onTestFinished, vi } from 'vitest';
import type { SecretReader } from '#contract';
import { Secret, type JsonObject } from '#kernel';
import { RESOURCE, startAuthServer, type AuthServer } from './authserver-apart.fixture.ts';
import { CallersDoors, type Answered, type Door } from './caller-isolation.doors.fixture.ts';
import { openCallersGateway, type CallersGateway, type Hole } from './caller-isolation.gateway.fixture.ts';
import { openNotingServers, OURS, type NotingServers } from './caller-isolation.servers.fixture.ts';
import {
  AGENT,
  PEOPLE,
  SERVER_NAMES,
  SERVERS,
  type Caller,
  type CallerModel,
  type ServerName,
  type UpstreamName,
} from './caller-isolation.model.ts';

/** Tokens of clients live for a quarter of an hour: a sequence that began later could end with dead ones. */
const MOST_MOVED = 200_000;

/** The clock of the system, that the test moves on. */
class MovedOn {
  moved = 0;
  now = (): number => Date.now() + this.moved;
}

export class CallerWorld {
  auth!: AuthServer;
  #gateway: CallersGateway | undefined;
  clock = new MovedOn();
  servers!: NotingServers;
  readonly #accounts = new Map<string, string>();
  /** Everything that was ever a credential of a client. */
  readonly #clientTokens: string[] = [];
  #tokens: string[] = [];
  #doors = new CallersDoors('');
  #generation = 0;
  #hole: Hole = {};

  async #open(): Promise<void> {
    this.auth = await startAuthServer();
    this.servers = await openNotingServers(this.auth.idps);
    onTestFinished(async () => await this.#gateway?.close());
    for (let person = 0; person < PEOPLE; person++) await this.#arrive(person);
  }

  /** Somebody signs in for the first time, with an account at each upstream; that sign-in stays, and calls nothing. */
  async #arrive(person: number): Promise<void> {
    await this.signInOf(person);
    await this.link(person, 'other');
  }

  /** Everybody there with their accounts, and no session; at the same gateway as long as its clock allows. */
  async reset(model: CallerModel): Promise<void> {
    if (this.auth === undefined) await this.#open();
    this.auth.seconds = 3600;
    for (const key of this.#accounts.keys()) {
      const [person, upstream] = key.split(' ') as [string, UpstreamName];
      if (this.#accounts.get(key) === '') await this.link(Number(person), upstream);
    }
    this.#doors.leave();
    for (const session of this.#tokens.keys()) await this.signOut(session);
    this.#tokens = [];
    this.servers.takeAll();
    if (this.#gateway === undefined || this.clock.moved > MOST_MOVED) await this.#openGateway();
    model.startedAt = this.clock.now();
    this.servers.forget();
  }

  /** From the next sequence on the gateway is one with that hole. */
  async plant(hole: Hole): Promise<void> {
    await this.#gateway?.close();
    this.#gateway = undefined;
    this.#hole = hole;
  }

  async #openGateway(): Promise<void> {
    await this.#gateway?.close();
    this.clock = new MovedOn();
    this.#gateway = await openCallersGateway(this.#documents(), {
      clock: this.clock,
      secrets: SECRETS,
      hole: this.#hole,
    });
    this.#doors = new CallersDoors(this.#gateway.url);
    // What servers offer is known once somebody has come.
    const token = await this.signInOf(0);
    for (const name of SERVER_NAMES)
      if (SERVERS[name].upstream !== undefined) await this.#doors.rest(token, `${name}_connect_account`, {});
    for (const name of SERVER_NAMES) await this.#untilThere(token, `${name}_whose`);
    await this.auth.signOut(token);
  }

  async #untilThere(token: string, tool: string): Promise<void> {
    const called = async (): Promise<void> => {
      const { text } = await this.#doors.rest(token, tool, { label: 'first' });
      if (!text.includes('label')) throw new Error(`${tool} is not there: ${text}`);
    };
    await vi.waitFor(called, { timeout: 30_000, interval: 25 });
  }

  #documents(): readonly object[] {
    const exchange = { type: 'tokenExchange', tokenUrl: this.servers.exchangeUrl, secret: 'secret://default/client' };
    const authOf = (name: ServerName): object | undefined => {
      const { sent, upstream } = SERVERS[name];
      if (sent === 'own') return { type: 'upstream', upstream };
      if (sent === 'exchanged') return { ...exchange, upstream };
      return sent === 'ours' ? { secret: 'secret://default/ours' } : undefined;
    };
    const callable = 'resource.origin == "federated"';
    return [
      { kind: 'server', port: 0, metrics: false, exchange: this.auth.exchanges[0] },
      {
        ...{ kind: 'authService', name: 'issuer', type: 'generic', mcpEnabled: true, allowPrivateNetworks: true },
        ...{ authorizationServer: this.auth.issuer.origin, audience: RESOURCE },
      },
      ...SERVER_NAMES.map((name) => ({
        ...{ kind: 'mcpServer', name, url: this.servers.urlOf(name), allowPrivateNetworks: true },
        // Connections are left and begun again within a search.
        idle: '2s',
        ...(authOf(name) && { auth: authOf(name) }),
      })),
      {
        ...{ kind: 'policy', name: 'servers' },
        cedar: `@id("Callers call servers")\npermit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { ${callable} };`,
      },
    ];
  }

  async signInOf(person: number): Promise<string> {
    const token = await this.auth.signIn(`p${person}`);
    this.#clientTokens.push(token);
    return token;
  }

  async signIn(person: number): Promise<void> {
    this.#tokens.push(await this.signInOf(person));
  }

  async signOut(session: number): Promise<void> {
    await this.auth.signOut(this.#tokens[session]!);
  }

  /** At another provider than the one that they sign in at, another account than the one before. */
  async link(person: number, upstream: UpstreamName): Promise<void> {
    const account = upstream === 'company' ? `p${person}` : `p${person}.${upstream}.${++this.#generation}`;
    await this.auth.link(`p${person}`, upstream, account);
    this.#accounts.set(`${person} ${upstream}`, account);
  }

  async unlink(person: number, upstream: UpstreamName): Promise<void> {
    await this.auth.unlink(`p${person}`, upstream);
    this.#accounts.set(`${person} ${upstream}`, '');
  }

  later(ms: number): void {
    this.clock.moved += ms;
  }

  /** Whatever no answer may hold. */
  secrets(): readonly string[] {
    return [...this.servers.tokens(), ...this.#clientTokens];
  }

  #credentialOf(caller: Caller): string {
    return caller === AGENT ? (this.#gateway as CallersGateway).agentKey : this.#tokens[caller]!;
  }

  call(caller: Caller, door: Door, name: string, args: JsonObject): Promise<Answered> {
    return this.#doors.call({ caller, credential: this.#credentialOf(caller) }, door, name, args);
  }

  list(caller: Caller, door: Door): Promise<Answered> {
    return this.#doors.list({ caller, credential: this.#credentialOf(caller) }, door);
  }

  /** What came on the stream of their session. */
  said(caller: Caller): string {
    return this.#doors.said(caller);
  }
}

const SECRETS: SecretReader = {
  read: ({ name }) =>
    Promise.resolve({
      material:
        name === 'ours'
          ? { kind: 'bearer', token: new Secret(OURS) }
          : { kind: 'oauth-client', clientId: 'gate', clientSecret: new Secret('the gate itself'.repeat(2)) },
      version: '1',
      endsAt: undefined,
    }),
};
