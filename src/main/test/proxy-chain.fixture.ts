/**
 * The whole chain as processes: clients → proxies → an MCP server behind them, with an authorization server that people
 * sign in at through an identity provider of a company, and exchanges over mutual TLS.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { svid, testAuthority, type TestAuthority } from '../../../test/certificates.ts';
import { startCompanyIdp, type CompanyIdp } from '../../../test/company-idp.ts';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import { serve as serveHttp } from '../../../test/http-server.ts';
import { freePort } from '../../../test/loopback.ts';
import { serveUpstream, type Era, type Upstream } from '../../../test/mcp-upstream.ts';
import { signInFor, type SignedIn } from './signed-in.fixture.ts';
import { run, start, workspace, type Finished, type RunningServer, type Workspace } from './server.fixture.ts';

export const OWNERS = ['flights', 'hotels'] as const;
export type OwnerName = (typeof OWNERS)[number];

export const spiffeIdOf = (name: OwnerName): string => `spiffe://td.test/ns/travel/proxy/${name}`;
const SERVER_ID = 'spiffe://td.test/ns/system/authserver';

export interface Chain {
  readonly place: Workspace;
  readonly idp: CompanyIdp;
  readonly authority: TestAuthority;
  /** Where the authorization server is reached, whichever of its processes answers. */
  readonly issuer: URL;
  readonly authServers: readonly RunningServer[];
  readonly backEnd: Upstream;
  readonly resources: Readonly<Record<OwnerName, URL>>;
  /** Runs the command on the first process of the authorization server. */
  operate(...words: readonly string[]): Promise<Finished>;
  /** Whom the identity provider gave a credential to, as the back end sees it. */
  whose(credential: string | undefined): Promise<string>;
  /** Writes a certificate of the owner, or another in its place. */
  certify(name: OwnerName): { readonly cert: string; readonly key: string };
  /** Starts the proxy of an owner; `more` are further options, of which the last holds. */
  proxy(name: OwnerName, more?: readonly string[]): Promise<RunningServer>;
  /** The same for the resource of another. */
  signIn(account: string, resource: URL): Promise<AtResource>;
}

/** Stands before a back end and lets in nobody without a token, nor with one that is over. */
export interface Guard {
  readonly url: string;
  /** Credentials that count no more. */
  readonly refused: Set<string>;
  /** Credentials as they came, refused ones too. */
  readonly came: readonly (string | undefined)[];
}

export async function guarded({ url }: Upstream, isNobodyLetIn = false): Promise<Guard> {
  const refused = new Set<string>();
  const came: (string | undefined)[] = [];
  const { hostname, port } = new URL(url);
  const server = await serveHttp((request, response) => {
    const { authorization } = request.headers;
    came.push(authorization);
    if (authorization === undefined ? !isNobodyLetIn : refused.has(authorization))
      return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    const body = server.received.at(-1)?.body ?? '';
    const far = httpRequest(
      { hostname, port, path: request.url, method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode as number, answer.headers);
        answer.pipe(response);
      },
    );
    far.on('error', () => response.destroy());
    response.on('close', () => far.destroy());
    far.end(body);
  });
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  return { url: `${server.url}/mcp`, refused, came };
}

/** Somebody who signed in for a resource, and calls `echo` there. */
export interface AtResource extends SignedIn {
  call(text: string): Promise<string>;
}

const documents = (chain: {
  readonly issuer: URL;
  readonly idp: CompanyIdp;
  readonly resources: Chain['resources'];
  readonly place: Workspace;
  readonly internal: number;
  readonly database: object;
}): string => {
  const { issuer, idp, resources, place, internal, database } = chain;
  const server = {
    ...{ kind: 'server', publicUrl: issuer.origin, metrics: false, database },
    internalListener: {
      ...{ port: internal, clientCa: place.file('ca.pem'), trustDomain: 'td.test' },
      ...{ certificate: place.file('server.crt'), key: place.file('server.key') },
    },
  };
  const upstream = {
    ...{ kind: 'upstream', name: 'company', type: 'oidc', displayName: 'Acme', issuer: idp.issuer },
    ...{ clientId: idp.clientId, clientSecret: '${COMPANY}', groupsClaim: 'groups', allowPrivateNetworks: true },
  };
  const owners = OWNERS.map((name) => ({
    ...{ kind: 'owner', namespace: 'travel', name, resource: resources[name].href },
    ...{ upstreams: ['company'], spiffeId: spiffeIdOf(name) },
  }));
  return [server, upstream, ...owners].map((one) => JSON.stringify(one)).join('\n---\n');
};

/** An authorization server of one process on SQLite, or of two on one PostgreSQL behind a balancer. */
export async function startChain(
  options: { readonly dialect?: TestDialect; readonly era?: Era; readonly accessTokenSeconds?: () => number } = {},
): Promise<Chain> {
  const { dialect = 'sqlite', era = 'session', accessTokenSeconds } = options;
  const place = workspace();
  onTestFinished(() => place.remove());
  const database = await emptyPlace(dialect);
  const authority = testAuthority('Chain');
  place.write('ca.pem', authority.cert);
  const write = (name: string, { cert, key }: { readonly cert: string; readonly key: string }): void => {
    place.write(`${name}.crt`, cert);
    place.write(`${name}.key`, key);
  };
  write('server', authority.issue(['127.0.0.1'], svid(SERVER_ID)));
  const certify: Chain['certify'] = (name) => {
    const made = authority.issue([], svid(spiffeIdOf(name)));
    write(name, made);
    return made;
  };
  for (const name of OWNERS) certify(name);
  const count = dialect === 'sqlite' ? 1 : 2;
  const ports = await freePorts(count);
  const internals = await freePorts(count);
  const [front, internal] = [await balancer(ports), await balancer(internals)];
  const issuer = new URL(`http://127.0.0.1:${front}`);
  const resources = { flights: await resourceUrl(), hotels: await resourceUrl() };
  const idp = await startCompanyIdp({
    redirectUris: [new URL('/oauth/callback/company', issuer).href],
    ...(accessTokenSeconds !== undefined && { accessTokenSeconds }),
  });
  for (const name of ['ana', 'bo']) idp.accounts.set(name, { preferred_username: name, groups: ['staff'] });
  const backEnd = await serveUpstream(era);
  onTestFinished(() => backEnd.close());

  const authServers: RunningServer[] = [];
  for (const [index, port] of ports.entries()) {
    const told = { issuer, idp, resources, place, internal: internals[index] as number };
    authServers.push(await startAuthServer({ ...told, database, port, index }));
  }

  return {
    ...{ place, idp, authority, issuer, authServers, backEnd, resources, certify },
    operate: async (...words) =>
      await run(
        [...words, '--config', place.file('authserver-0.yaml'), '--data-dir', place.file('data-authserver-0')],
        { cwd: place.folder, env: environmentOf(idp, database) },
      ),
    async whose(credential = '') {
      const answer = await fetch(`${idp.issuer}/me`, { headers: { authorization: credential } });
      return answer.status === 200
        ? ((await answer.json()) as { readonly sub: string }).sub
        : `nobody: ${answer.status}`;
    },
    async proxy(name, more = []) {
      const running = await start(
        [
          ...['--upstream', backEnd.url, '--resource', resources[name].href, '--issuer', issuer.origin],
          ...['--exchange', `https://127.0.0.1:${internal}`, '--upstream-name', 'company'],
          ...['--cert', place.file(`${name}.crt`), '--key', place.file(`${name}.key`), '--ca', place.file('ca.pem')],
          ...['--server-spiffe-id', SERVER_ID, '--data-dir', place.file(`data-${name}`)],
          ...['--port', resources[name].port, ...more],
        ],
        { cwd: place.folder, command: 'proxy' },
      );
      onTestFinished(async () => void (await running.stop()));
      return running;
    },
    async signIn(account, resource) {
      const signedIn = await signInFor(resource, { issuer, idp, account });
      const { client } = signedIn;
      return {
        ...signedIn,
        call: async (text) => JSON.stringify(await client.callTool({ name: 'echo', arguments: { text } })),
      };
    },
  };
}

const resourceUrl = async (): Promise<URL> => new URL(`http://127.0.0.1:${await freePort()}/mcp`);

async function freePorts(count: number): Promise<readonly number[]> {
  return await Promise.all(Array.from({ length: count }, freePort));
}

function environmentOf(idp: CompanyIdp, { document }: TestPlace): Record<string, string> {
  const { password = '' } = document as { readonly password?: string };
  return { COMPANY: idp.clientSecret, DATABASE_PASSWORD: password };
}

async function startAuthServer(told: {
  readonly issuer: URL;
  readonly idp: CompanyIdp;
  readonly resources: Chain['resources'];
  readonly place: Workspace;
  readonly internal: number;
  readonly database: TestPlace;
  readonly port: number;
  readonly index: number;
}): Promise<RunningServer> {
  const { place, idp, port, index } = told;
  const { document } = told.database;
  const shown = 'password' in document ? { ...document, password: '${DATABASE_PASSWORD}' } : document;
  const file = place.write(`authserver-${index}.yaml`, documents({ ...told, database: shown }));
  const dataDir = place.file(`data-authserver-${index}`);
  if (index > 0) {
    // Hosts share these keys.
    mkdirSync(join(dataDir, 'audit'), { recursive: true, mode: 0o700 });
    for (const key of ['vault.key', 'audit/signing.key', 'audit/digest.key'])
      copyFileSync(join(place.file('data-authserver-0'), key), join(dataDir, key));
  }
  const running = await start(['--config', file, '--port', String(port), '--data-dir', dataDir], {
    cwd: place.folder,
    env: environmentOf(idp, told.database),
  });
  onTestFinished(async () => void (await running.stop()));
  return running;
}

/** Sends each connection to the next of them that takes it; gives the port. */
async function balancer(ports: readonly number[]): Promise<number> {
  let turn = 0;
  const server = createServer((near) => {
    near.on('error', () => near.destroy());
    const from = turn++;
    const tryAt = (attempt: number): void => {
      if (attempt === ports.length) return void near.destroy();
      const far = connect(ports[(from + attempt) % ports.length] as number, '127.0.0.1');
      far.once('connect', () => {
        far.on('error', () => near.destroy());
        far.off('error', next);
        near.pipe(far).pipe(near);
        near.once('close', () => far.destroy());
        far.once('close', () => near.destroy());
      });
      const next = (): void => tryAt(attempt + 1);
      far.once('error', next);
    };
    tryAt(0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** The credentials that the back end was sent with tool calls and the rest, in their order. */
export const sentTo = ({ requests }: Upstream): readonly (string | undefined)[] =>
  requests.map(({ headers }) => headers.authorization);

/** The status and the text of an answer to a call without a session. */
export async function callAt(url: string, token: string, name = 'echo'): Promise<string> {
  const answer = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name, arguments: name === 'echo' ? { text: 'hello' } : {} },
    }),
  });
  return `${answer.status} ${await answer.text()}`;
}
