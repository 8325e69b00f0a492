/** MCP servers that note in whose name each request came, and put a mark of that into all that they say. */
import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { randomToken, type JsonObject } from '#kernel';
import type { CompanyIdp } from '../../../test/company-idp.ts';
import { serve } from '../../../test/http-server.ts';
import { serveUpstream, type OfferedCall, type Upstream } from '../../../test/mcp-upstream.ts';
import { SERVER_NAMES, SERVERS, type ServerName, type UpstreamName } from './caller-isolation.model.ts';

/** What the server `delta` is sent whoever calls. */
export const OURS = ['a token', 'of our own'].join(' ').replaceAll(' ', '-');

/** A call that came to a server. */
interface Heard {
  readonly server: ServerName;
  readonly label: string;
  readonly authorization: string | undefined;
  readonly session: string | undefined;
}

/** A request that came to a server, call or not. */
interface Came {
  readonly server: ServerName;
  readonly method: string | undefined;
  readonly authorization: string | undefined;
}

/** A person, or nobody in particular. */
interface Whose {
  readonly person?: number;
}

type Idps = Readonly<Record<UpstreamName, CompanyIdp>>;

const markOf = (authorization = 'nobody'): string =>
  `mark${createHash('sha256').update(authorization).digest('hex').slice(0, 16)}`;

const callTool = (name: string): JsonObject => ({
  ...{ name, description: `The tool ${name}.` },
  inputSchema: { type: 'object', properties: { label: { type: 'string', description: 'Whose call it is.' } } },
});

/** Opens them, and the token endpoint that gives tokens of its own for tokens of the company's. */
export async function openNotingServers(idps: Idps): Promise<NotingServers> {
  const exchanged = new Map<string, string>();
  const exchanger = await serve((_, response) => {
    const form = new URLSearchParams(exchanger.received.at(-1)?.body);
    const holder = idps.company.holders.get(form.get('subject_token') ?? '');
    response.setHeader('content-type', 'application/json');
    if (holder === undefined) return void response.writeHead(400).end('{"error":"invalid_grant"}');
    const token = randomToken();
    exchanged.set(token, holder);
    const answer = { access_token: token, token_type: 'Bearer', expires_in: 120 };
    response.end(JSON.stringify({ ...answer, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }));
  });
  onTestFinished(async () => await exchanger[Symbol.asyncDispose]());
  const servers = new Map<ServerName, Upstream>();
  for (const name of SERVER_NAMES) {
    const server = await serveUpstream(SERVERS[name].era);
    onTestFinished(() => server.close());
    servers.set(name, server);
  }
  return new NotingServers(idps, servers, exchanged, `${exchanger.url}/token`);
}

export class NotingServers {
  readonly exchangeUrl: string;
  readonly heard: Heard[] = [];
  readonly #idps: Idps;
  readonly #servers: ReadonlyMap<ServerName, Upstream>;
  readonly #exchanged: ReadonlyMap<string, string>;
  /** What came last to a server for a person. */
  readonly #last = new Map<string, string>();
  /** Credentials that are taken no more. */
  readonly #refused = new Set<string>();
  readonly #lists = new Map<ServerName, number>();

  constructor(
    idps: Idps,
    servers: ReadonlyMap<ServerName, Upstream>,
    exchanged: ReadonlyMap<string, string>,
    exchangeUrl: string,
  ) {
    this.#idps = idps;
    this.#servers = servers;
    this.#exchanged = exchanged;
    this.exchangeUrl = exchangeUrl;
    for (const [name, { offer }] of servers) {
      offer.toolsOf = (authorization) => [callTool('whose'), callTool(this.ownToolOf(name, authorization))];
      offer.run = (tool, call) => this.#run(name, tool, call);
      offer.intercept = ({ headers: { authorization = '' } }, response) => {
        const person = this.holderOf(name, authorization)?.person;
        if (person !== undefined) this.#last.set(`${name} ${person}`, authorization);
        if (!this.#refused.has(authorization)) return false;
        response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
        return true;
      };
    }
  }

  async #run(server: ServerName, tool: string, { args, headers, progress }: OfferedCall): Promise<JsonObject> {
    const { authorization } = headers;
    const label = args['label'] as string;
    this.heard.push({ server, label, authorization, session: headers['mcp-session-id'] as string | undefined });
    await progress(markOf(authorization));
    return { content: [{ type: 'text', text: JSON.stringify({ tool, label, mark: markOf(authorization) }) }] };
  }

  urlOf(name: ServerName): string | undefined {
    return this.#servers.get(name)?.url;
  }

  /** The tool that whoever sends that is offered, and nobody else. */
  ownToolOf(name: ServerName, authorization: string | undefined): string {
    return `own_${markOf(authorization)}_${this.#lists.get(name) ?? 0}`;
  }

  /** The server takes what it was last sent for them no more. */
  refuse(person: number, name: ServerName): void {
    const last = this.#last.get(`${name} ${person}`);
    if (last !== undefined) this.#refused.add(last);
  }

  takeAll(): void {
    this.#refused.clear();
  }

  restart(name: ServerName): void {
    this.#servers.get(name)?.restart();
  }

  /** What it offers is another for everybody. */
  async change(name: ServerName): Promise<void> {
    this.#lists.set(name, (this.#lists.get(name) ?? 0) + 1);
    await this.#servers.get(name)?.changed();
  }

  /** Each request since the last `forget`. */
  requests(): readonly Came[] {
    return Array.from(this.#servers, ([server, { requests }]) =>
      requests.map(({ method, headers: { authorization } }) => ({ server, method, authorization })),
    ).flat();
  }

  forget(): void {
    this.heard.length = 0;
    for (const { requests } of this.#servers.values()) requests.length = 0;
  }

  /** Whose a credential is that came to a server, if it is one that may come there. */
  holderOf(name: ServerName, authorization: string | undefined): Whose | undefined {
    const { sent, upstream } = SERVERS[name];
    if (sent === 'nothing') return authorization === undefined ? {} : undefined;
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '';
    if (sent === 'ours') return token === OURS ? {} : undefined;
    const account = (sent === 'own' ? this.#idps[upstream].holders : this.#exchanged).get(token);
    return account === undefined ? undefined : personOf(account);
  }

  /** By whom a mark may be read: whoever it is about, or everybody. */
  readersOf(mark: string): Whose | undefined {
    const { company, other } = this.#idps;
    for (const holders of [company.holders, other.holders, this.#exchanged])
      for (const [token, account] of holders) if (markOf(`Bearer ${token}`) === mark) return personOf(account);
    return [undefined, `Bearer ${OURS}`].some((common) => markOf(common) === mark) ? {} : undefined;
  }

  /** The tool that the server offers somebody else than the person. */
  strangersTool(name: ServerName, person: number | undefined): string | undefined {
    const other = [...this.#last].findLast(([key]) => key.startsWith(`${name} `) && key !== `${name} ${person}`);
    return other && this.ownToolOf(name, other[1]);
  }

  /** Credentials that servers are sent: no caller may see one. */
  tokens(): readonly string[] {
    const { company, other } = this.#idps;
    return [...company.accessTokens, ...other.accessTokens, ...this.#exchanged.keys(), OURS];
  }
}

/** Accounts are called after the person: `p1`, and `p1.other.7` at the other provider. */
const personOf = (account: string): Whose => ({ person: Number(/^p(\d+)/.exec(account)?.[1]) });
