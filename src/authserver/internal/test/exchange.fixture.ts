/**
 * An authorization server with its internal listener on a real socket, an identity provider behind it, people who are
 * signed in and linked, and owners with certificates: every request here is a real handshake.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { UpstreamCommon } from '#contract';
import { reveal, silentLogger, type Secret } from '#kernel';
import { EXCHANGE_PATH } from '#token-exchange';
import { openClientTls, openServerTls, type ClientTls } from '#tls';
import { svid, testAuthority, type TestAuthority, type TestCertificate } from '../../../../test/certificates.ts';
import { startCompanyIdp, type CompanyIdp } from '../../../../test/company-idp.ts';
import { Surfer } from '../../../../test/surfer.ts';
import type { DeclaredOwner, InternalExchanges } from '#authserver';
import {
  CLIENTS,
  startAuthorizationServer,
  type AuthorizationServerProcess,
  type Clients,
} from '../../test/authorization-server.fixture.ts';
import { letIn, type LetIn } from '../../test/federated.fixture.ts';
import { companyOf, MovedClock } from '../../test/federation.fixture.ts';

/** The two owners of the abuse corpus: A and B. */
export const A = { owner: 'ns-a/srv-a', spiffeId: 'spiffe://td.test/ns/ns-a/mcpserver/srv-a' };
export const B = { owner: 'ns-b/srv-b', spiffeId: 'spiffe://td.test/ns/ns-b/mcpserver/srv-b' };

const LIFE_SECONDS = 180;

/** A resource of an owner; one for each choice of upstreams, since what is consented to is what its owner may use. */
export function ownerOf(
  { owner, spiffeId }: { readonly owner: string; readonly spiffeId?: string | undefined },
  upstreams: readonly string[] = ['linked'],
  more: Partial<DeclaredOwner> = {},
): DeclaredOwner {
  const [namespace = '', name = ''] = owner.split('/');
  const resource = `https://${name}.${namespace}.example/${upstreams.join('-')}`;
  return { ...{ namespace, name, scopes: ['read:flights'], upstreams, resource, spiffeId }, ...more };
}

/** Somebody signed in through a client towards an owner, with the account linked. */
export interface Linked extends LetIn {
  readonly account: string;
  readonly owner: string;
  readonly surfer: Surfer;
}

export interface ExchangePlace {
  readonly process: AuthorizationServerProcess;
  readonly idp: CompanyIdp;
  readonly clock: MovedClock;
  /** The documents of now: a test replaces them as a reload does. */
  readonly owners: DeclaredOwner[];
  readonly authority: TestAuthority;
  readonly tls: ClientTls;
  readonly url: URL;
  readonly serverCa: TestAuthority;
  readonly serverCertificate: TestCertificate;
  /** Why handshakes failed. */
  readonly refusals: readonly string[];
  /** What became of requests, as the metrics have it. */
  readonly outcomes: string[];
  /** The certificate of an owner, by the authority of the bundle. */
  certificate(spiffeId: string): TestCertificate;
  /** Somebody new at the provider, who lets a client in. */
  session(owner: string, upstreams?: readonly string[]): Promise<Linked>;
  /** Links their account; gives the token of the provider. */
  link(person: Linked): Promise<string>;
  /** The tokens of the provider end. */
  expire(): void;
  provider(state: 'up' | 'down' | 'revoked'): void;
  end(subjectToken: Secret): Promise<void>;
  /** Replaces a file as a whole, and waits until the listener has looked. */
  replace(name: 'bundle' | 'crl' | 'cert' | 'key' | 'partner', text: string): Promise<void>;
  file(name: string): string;
  /** What is on record of exchanges, the newest first. */
  records(): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export interface ExchangeOptions {
  /** More authorities in the bundle. */
  readonly bundle?: (authority: TestAuthority) => string;
  readonly crl?: (authority: TestAuthority) => string;
  /** The authority of the trust domain `td2.test`, a partner's. */
  readonly partner?: TestAuthority;
  readonly owners?: readonly DeclaredOwner[];
  readonly internal?: InternalExchanges;
  readonly clients?: Clients;
}

export async function startExchange(options: ExchangeOptions = {}): Promise<ExchangePlace> {
  const { partner, internal } = options;
  const clock = new MovedClock();
  const authority = testAuthority('Owners CA');
  const documents: UpstreamCommon[] = [];
  const owners = [...(options.owners ?? [ownerOf(A), ownerOf(B)])];
  const process = await startAuthorizationServer('sqlite', undefined, options.clients ?? CLIENTS, true, {
    ...{ upstreams: () => documents, owners: () => owners, clock },
    ...(internal && { internal }),
  });
  const redirectUris = ['linked', 'other'].map((name) => new URL(`/oauth/callback/${name}`, process.url).href);
  const idp = await startCompanyIdp({ redirectUris, accessTokenSeconds: LIFE_SECONDS });
  documents.push(companyOf(idp, { name: 'linked', primary: false }), companyOf(idp, { name: 'other', primary: false }));

  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-internal-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = (name: string): string => join(folder, `${name}.pem`);
  const write = (name: string, text: string): void => {
    writeFileSync(`${file(name)}.new`, text, { mode: 0o600 });
    renameSync(`${file(name)}.new`, file(name));
  };
  const serverCa = testAuthority('Server CA');
  const serverCertificate = serverCa.issue(['localhost', '127.0.0.1'], svid('spiffe://td.test/ns/system/authserver'));
  write('cert', serverCertificate.cert);
  write('key', serverCertificate.key);
  write('server-ca', serverCa.cert);
  write('bundle', options.bundle?.(authority) ?? authority.cert);
  if (options.crl !== undefined) write('crl', options.crl(authority));
  if (partner !== undefined) write('partner', partner.cert);
  const surroundings = { field: 'internalListener', clock, log: silentLogger } as const;
  const own = await openServerTls({ certificate: file('cert'), key: file('key'), ...surroundings });
  const tls = await openClientTls({
    ...{ own, clientCa: file('bundle'), trustDomain: 'td.test', cutsRefused: true, ...surroundings },
    ...(options.crl !== undefined && { crl: file('crl') }),
    ...(partner !== undefined && { federated: [{ trustDomain: 'td2.test', clientCa: file('partner') }] }),
  });
  onTestFinished(() => tls.close());
  const refusals: string[] = [];
  const outcomes: string[] = [];
  const server = createServer(
    tls.options(),
    (request, response) =>
      void process.server.exchange(request, response, {
        peers: tls.clients,
        answered: (outcome) => outcomes.push(outcome),
      }),
  );
  server.on('secureConnection', (socket) => tls.accepted(socket, tls.trusted()));
  server.on('tlsClientError', ({ message }: Error) => refusals.push(message));
  tls.onChange(() => server.setSecureContext(tls.options()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  let people = 0;
  return {
    ...{ process, idp, clock, owners, authority, tls, serverCa, serverCertificate, refusals, outcomes, file },
    url: new URL(`https://localhost:${(server.address() as AddressInfo).port}`),
    certificate: (spiffeId) => authority.issue([], svid(spiffeId)),
    async session(owner, upstreams = ['linked']) {
      const account = `person-${people++}`;
      idp.accounts.set(account, {});
      const { browser } = await process.person(account);
      const surfer = new Surfer(process, browser);
      const made = await letIn(process, surfer, { resource: ownerOf({ owner }, upstreams).resource });
      return { ...made, account, owner, surfer };
    },
    async link({ account, surfer, owner }) {
      idp.account = account;
      await surfer.connect(owner, 'linked');
      return idp.accessTokens.at(-1) ?? '';
    },
    expire: () => clock.advance((LIFE_SECONDS + 20) * 1000),
    provider(state) {
      idp.intercept = ({ url }, response) => {
        if (state === 'up' || url !== '/token') return false;
        response.writeHead(state === 'down' ? 503 : 400, { 'content-type': 'application/json' });
        response.end(state === 'down' ? '{}' : '{"error":"invalid_grant"}');
        return true;
      };
    },
    async end(subjectToken) {
      const verified = await process.server.verifier.verify(reveal(subjectToken));
      await process.server.sessions.end({ id: (verified.ok && verified.value.tsid) || '' }, 'test');
    },
    async replace(name, text) {
      write(name, text);
      await tls.look();
    },
    async records() {
      const { records } = await process.audit.query({ type: 'token.exchange' }, { limit: 50 });
      return records;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export interface Asking {
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  /** In the place of those of a right exchange; `undefined` leaves one out. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** In the place of all fields. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly method?: string;
  readonly agent?: Agent;
  readonly maxVersion?: 'TLSv1.2';
}

export const formOf = (subjectToken: string, fields: Asking['fields'] = {}): URLSearchParams => {
  const form = new URLSearchParams();
  const all = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: 'linked',
    ...fields,
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) form.set(name, value);
  return form;
};

/** One request to the internal listener; rejects when the connection is refused. */
export function ask(place: ExchangePlace, subjectToken: Secret | string, asking: Asking = {}): Promise<Answer> {
  const { certificate, fields, headers = {}, path = EXCHANGE_PATH, method = 'POST', agent = false } = asking;
  const token = typeof subjectToken === 'string' ? subjectToken : reveal(subjectToken);
  const body = asking.body ?? formOf(token, fields).toString();
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        ...{ host: '127.0.0.1', port: place.url.port, servername: 'localhost', ca: place.serverCa.cert },
        ...(certificate && { cert: certificate.cert, key: certificate.key }),
        ...(asking.maxVersion && { maxVersion: asking.maxVersion }),
        ...{ agent, method, path },
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(Buffer.byteLength(body)),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode as number,
            ...{ text, headers: response.headers },
            body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
          }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** A client that keeps its connection. */
export function keeping(place: ExchangePlace, certificate: TestCertificate): Agent {
  const agent = new Agent({
    ...{ keepAlive: true, maxSockets: 1, ca: place.serverCa.cert, servername: 'localhost' },
    ...{ cert: certificate.cert, key: certificate.key },
  });
  onTestFinished(() => agent.destroy());
  return agent;
}
