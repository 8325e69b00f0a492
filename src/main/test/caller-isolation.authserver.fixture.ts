/** The authorization server that callers of a gateway elsewhere sign in at, as a process, and those people. */
import { createHash, randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { svid, testAuthority } from '../../../test/certificates.ts';
import { startCompanyIdp, type CompanyIdp } from '../../../test/company-idp.ts';
import { freePort } from '../../../test/loopback.ts';
import { allow, Surfer } from '../../../test/surfer.ts';
import { UPSTREAMS, type UpstreamName } from './caller-isolation.model.ts';
import { start, workspace } from './server.fixture.ts';

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
  /** `exchange:` of a gateway that is the owner. */
  readonly exchange: Readonly<Record<string, string>>;
  /** Their browser, kept between sign-ins. */
  surfer(account: string): Surfer;
  /** A sign-in towards the gateway; gives the access token. */
  signIn(account: string): Promise<string>;
  signOut(token: string): Promise<void>;
  link(account: string, upstream: UpstreamName, theirAccount: string): Promise<void>;
  unlink(account: string, upstream: UpstreamName): Promise<void>;
  /** What it wrote to its log. */
  readonly log: () => string;
}

export async function startAuthServer(): Promise<AuthServer> {
  const place = workspace();
  onTestFinished(() => place.remove());
  const [port, internal] = [await freePort(), await freePort()];
  const issuer = new URL(`http://127.0.0.1:${port}`);
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
  const documents = [
    {
      ...{ kind: 'server', publicUrl: issuer.origin, metrics: false },
      internalListener: {
        ...{ port: internal, clientCa: ca, trustDomain: 'td.test', requestsPerMinute: 100_000 },
        ...{ certificate: written('server.crt', server.cert), key: written('server.key', server.key) },
      },
    },
    ...UPSTREAMS.map(upstream),
    {
      ...{ kind: 'owner', namespace: 'home', name: 'gate', resource: RESOURCE, upstreams: UPSTREAMS },
      spiffeId: SPIFFE_ID,
    },
    { kind: 'client', name: 'desk', clientId: 'desk', displayName: 'Desk', redirectUris: [CALLBACK] },
  ];
  const file = written('tools.yaml', documents.map((one) => JSON.stringify(one)).join('\n---\n'));
  const running = await start(['--config', file, '--port', String(port), '--data-dir', place.dataDir], {
    cwd: place.folder,
    env: { COMPANY: idps.company.clientSecret, OTHER: idps.other.clientSecret },
  });
  onTestFinished(async () => void (await running.stop()));

  const surfers = new Map<string, Surfer>();
  const surferOf = (account: string): Surfer => {
    const known = surfers.get(account) ?? new Surfer({ own: issuer, url: issuer });
    surfers.set(account, known);
    return known;
  };
  const post = (path: string, fields: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(new URL(path, issuer), { method: 'POST', body: new URLSearchParams({ client_id: 'desk', ...fields }) });

  return {
    ...{ issuer, idps, surfer: surferOf },
    get seconds() {
      return seconds;
    },
    set seconds(next) {
      seconds = next;
    },
    exchange: {
      ...{ url: `https://127.0.0.1:${internal}`, issuer: issuer.origin, owner: OWNER, ca, serverSpiffeId: SERVER_ID },
      ...{ certificate: written('gate.crt', gate.cert), key: written('gate.key', gate.key) },
    },
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
    async signOut(token) {
      const answer = await post('/oauth/revoke', { token });
      if (answer.status !== 200) throw new Error(`not revoked: ${answer.status}`);
    },
    async link(account, name, theirAccount) {
      idps[name].accounts.set(theirAccount, {});
      idps[name].account = theirAccount;
      // The provider sees a browser of its own: it would go on with whom it knows.
      await new Surfer({ own: issuer, url: issuer }, surferOf(account).browser).connect(OWNER, name);
    },
    async unlink(account, name) {
      await surferOf(account).disconnect(OWNER, name);
    },
    log: () => running.stderr(),
  };
}
