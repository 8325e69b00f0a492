/** The authorization server that callers of a gateway elsewhere sign in at, as a process or several, and those people. */
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { svid, testAuthority } from '../../../test/certificates.ts';
import { startCompanyIdp, type CompanyIdp } from '../../../test/company-idp.ts';
import { freePort } from '../../../test/loopback.ts';
import { allow, Surfer } from '../../../test/surfer.ts';
import { emptyPlace } from '../../../test/databases.ts';
import { UPSTREAMS, type UpstreamName } from './caller-isolation.model.ts';
import { filesIn } from './credentials-stay.fixture.ts';
import { run, start, workspace, type Finished } from './server.fixture.ts';

export const OWNER = 'home/gate';
export const RESOURCE = 'https://gate.home.example/mcp';
const SPIFFE_ID = 'spiffe://td.test/ns/home/gateway/gate';
const SERVER_ID = 'spiffe://td.test/ns/system/authserver';
const CALLBACK = 'http://127.0.0.1:33418/callback';

export interface AuthServer {
  readonly issuer: URL;
  readonly idps: Readonly<Record<UpstreamName, CompanyIdp>>;
  /** For how long tokens of the provider live that are issued from now on, in seconds. */
  seconds: number;
  /** `exchange:` of a gateway that is the owner, for each process. */
  readonly exchanges: readonly ExchangeDocument[];
  /** Their browser, kept between sign-ins. */
  surfer(account: string): Surfer;
  /** A sign-in towards the gateway; gives the access token. */
  signIn(account: string): Promise<string>;
  /** The client says it to a process, the first unless another is named. */
  signOut(token: string, at?: number): Promise<void>;
  link(account: string, upstream: UpstreamName, theirAccount: string): Promise<void>;
  unlink(account: string, upstream: UpstreamName, at?: number): Promise<void>;
  /** Runs the command beside the first process. */
  operate(...words: readonly string[]): Promise<Finished>;
  /** What its processes wrote to their logs. */
  readonly log: () => string;
  /** Every byte of the state of the first. */
  readonly files: () => Buffer;
}

export interface ExchangeDocument {
  readonly url: string;
  readonly issuer: string;
  readonly owner: string;
  readonly ca: string;
  readonly serverSpiffeId: string;
  readonly certificate: string;
  readonly key: string;
}

const SHARED_KEYS = ['vault.key', 'audit/signing.key', 'audit/digest.key'];

/** One process on SQLite, or several on one PostgreSQL, each with keys that were copied to it. */
export async function startAuthServer({ processes = 1, logLevel = 'info' } = {}): Promise<AuthServer> {
  const place = workspace();
  onTestFinished(() => place.remove());
  const { document } = await emptyPlace(processes === 1 ? 'sqlite' : 'postgres');
  const { password } = document as { readonly password?: string };
  const database = password === undefined ? document : { ...document, password: '${DATABASE_PASSWORD}' };
  const owns: URL[] = [];
  for (let index = 0; index < processes; index++) owns.push(new URL(`http://127.0.0.1:${await freePort()}`));
  const [issuer] = owns as [URL];
  let seconds = 3600;
  const idpOf = (name: UpstreamName): Promise<CompanyIdp> =>
    startCompanyIdp({
      redirectUris: [new URL(`/oauth/callback/${name}`, issuer).href],
      accessTokenSeconds: () => seconds,
    });
  const idps = { company: await idpOf('company'), other: await idpOf('other') };
  const authority = testAuthority('Gateways');
  const written = (name: string, text: string): string => place.write(name, text);
  const server = authority.issue(['127.0.0.1'], svid(SERVER_ID));
  const gate = authority.issue([], svid(SPIFFE_ID));
  const ca = written('ca.pem', authority.cert);
  const upstream = (name: UpstreamName) => ({
    ...{ kind: 'upstream', name, type: 'oidc', displayName: name, issuer: idps[name].issuer },
    ...{ clientId: idps[name].clientId, clientSecret: `\${${name.toUpperCase()}}` },
    ...{ primary: name === 'company', allowPrivateNetworks: true },
  });
  const certificate = written('server.crt', server.cert);
  const key = written('server.key', server.key);
  const documentsOf = (internal: number): readonly object[] => [
    {
      ...{ kind: 'server', publicUrl: issuer.origin, metrics: false, database },
      // Browsers of people may come to each without anything in between that would keep the host.
      allowedOrigins: [issuer.origin],
      internalListener: {
        ...{ port: internal, clientCa: ca, trustDomain: 'td.test', requestsPerMinute: 100_000, certificate, key },
      },
    },
    ...UPSTREAMS.map(upstream),
    {
      ...{ kind: 'owner', namespace: 'home', name: 'gate', resource: RESOURCE, upstreams: UPSTREAMS },
      spiffeId: SPIFFE_ID,
    },
    { kind: 'client', name: 'desk', clientId: 'desk', displayName: 'Desk', redirectUris: [CALLBACK] },
  ];
  const env = {
    ...{ COMPANY: idps.company.clientSecret, OTHER: idps.other.clientSecret },
    DATABASE_PASSWORD: password ?? '',
  };
  const dataDirOf = (index: number): string => place.file(`data-${index}`);
  const logs: (() => string)[] = [];
  const exchanges: ExchangeDocument[] = [];
  const own = { certificate: written('gate.crt', gate.cert), key: written('gate.key', gate.key) };
  for (const [index, { port }] of owns.entries()) {
    const internal = await freePort();
    const file = written(
      `tools-${index}.yaml`,
      documentsOf(internal)
        .map((one) => JSON.stringify(one))
        .join('\n---\n'),
    );
    if (index > 0) {
      mkdirSync(join(dataDirOf(index), 'audit'), { recursive: true, mode: 0o700 });
      for (const name of SHARED_KEYS) copyFileSync(join(dataDirOf(0), name), join(dataDirOf(index), name));
    }
    const args = ['--config', file, '--port', port, '--data-dir', dataDirOf(index), '--log-level', logLevel];
    const running = await start(args, { cwd: place.folder, env });
    onTestFinished(async () => void (await running.stop()));
    logs.push(running.stderr);
    const url = `https://127.0.0.1:${internal}`;
    exchanges.push({ url, issuer: issuer.origin, owner: OWNER, ca, serverSpiffeId: SERVER_ID, ...own });
  }

  const surfers = new Map<string, Surfer>();
  const surferOf = (account: string): Surfer => {
    const known = surfers.get(account) ?? new Surfer({ own: issuer, url: issuer });
    surfers.set(account, known);
    return known;
  };
  const post = (path: string, fields: Readonly<Record<string, string>>, at = 0): Promise<Response> =>
    fetch(new URL(path, owns[at]), { method: 'POST', body: new URLSearchParams({ client_id: 'desk', ...fields }) });

  return {
    ...{ issuer, idps, surfer: surferOf },
    get seconds() {
      return seconds;
    },
    set seconds(next) {
      seconds = next;
    },
    exchanges,
    async signIn(account) {
      idps.company.accounts.set(account, {});
      idps.company.account = account;
      const surfer = surferOf(account);
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        ...{ client_id: 'desk', redirect_uri: CALLBACK, response_type: 'code', resource: RESOURCE, state: 's' },
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      let page = await surfer.browser.follow(`/oauth/authorize?${query.toString()}`);
      if (page.text.includes('name="provider"')) page = await surfer.signIn(page);
      if (page.to === undefined) page = await allow(surfer, page);
      const code = new URL(page.to ?? 'about:blank').searchParams.get('code') ?? '';
      const redeemed = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier };
      const answer = await post('/oauth/token', redeemed);
      const { access_token: token } = (await answer.json()) as { readonly access_token?: string };
      if (token === undefined) throw new Error(`nobody signed in: ${answer.status} ${page.text.slice(0, 1500)}`);
      return token;
    },
    async signOut(token, at = 0) {
      const answer = await post('/oauth/revoke', { token }, at);
      if (answer.status !== 200) throw new Error(`not revoked: ${answer.status}`);
    },
    async link(account, name, theirAccount) {
      idps[name].accounts.set(theirAccount, {});
      idps[name].account = theirAccount;
      // The provider sees a browser of its own: it would go on with whom it knows.
      await new Surfer({ own: issuer, url: issuer }, surferOf(account).browser).connect(OWNER, name);
    },
    async unlink(account, name, at = 0) {
      await surferOf(account)
        .at({ own: owns[at] as URL, url: issuer })
        .disconnect(OWNER, name);
    },
    operate: (...words) =>
      run([...words, '--config', place.file('tools-0.yaml'), '--data-dir', dataDirOf(0)], { cwd: place.folder, env }),
    files: () => filesIn(dataDirOf(0)),
    log: () => logs.map((log) => log()).join(''),
  };
}
