/** Chatelaine with a listener for owners, an identity provider behind it, and a person whose account there is linked. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { svid, testAuthority } from '../../test/certificates.ts';
import { openCompanyIdp, type CompanyIdp } from '../../test/company-provider.ts';
import { freePort } from '../../test/loopback.ts';
import { Surfer } from '../../test/surfer.ts';
import type { ExchangeDoor } from '../load/token-exchanges.ts';
import { startIssuing, type IssuingOptions } from './issuing.ts';

export interface Exchanging {
  readonly pid: number;
  readonly door: ExchangeDoor;
  /** An access token of each of so many sessions of the owner. */
  subjectTokens(count: number): Promise<readonly string[]>;
  readonly idp: CompanyIdp;
  /** How long the tokens live that the provider issues from now on. */
  life(seconds: number): void;
  stop(): Promise<void>;
}

const OWNER = 'spiffe://bench.test/ns/travel/mcpserver/flights';
const RESOURCE = 'https://flights.example/mcp';
const SCOPE = 'read:flights';
/** As good as none: what an owner may ask is not what is measured. */
const A_MINUTE = 10_000_000;

export async function startExchanging({ folder, env }: Pick<IssuingOptions, 'folder' | 'env'>): Promise<Exchanging> {
  const home = await mkdtemp(join(folder, 'exchanging-'));
  const [port, internal] = [await freePort(), await freePort()];
  let seconds = 50;
  const redirectUris = [`http://127.0.0.1:${port}/oauth/callback/company`];
  const idp = await openCompanyIdp({ redirectUris, accessTokenSeconds: () => seconds });
  const authority = testAuthority('Bench CA');
  const own = authority.issue(['localhost', '127.0.0.1'], svid('spiffe://bench.test/ns/system/authserver'));
  const owner = authority.issue([], svid(OWNER));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(home, name), text, { mode: 0o600 });
    return join(home, name);
  };
  const internalListener = {
    ...{ port: internal, trustDomain: 'bench.test', requestsPerMinute: A_MINUTE },
    certificate: await file('server.crt', own.cert),
    key: await file('server.key', own.key),
    clientCa: await file('bundle.pem', authority.cert),
  };
  const issuing = await startIssuing({
    ...{ folder: home, port, server: { internalListener } },
    tools: documents(idp, await file('client-secret', idp.clientSecret)),
    env,
  }).catch(async (error: unknown) => {
    await idp.close();
    throw error;
  });
  return {
    ...{ idp, pid: issuing.pid },
    door: { port: internal, ca: authority.cert, cert: owner.cert, key: owner.key },
    async subjectTokens(count) {
      const tokens = await issuing.signIns(count, SCOPE, RESOURCE);
      const linked = await new Surfer({ own: issuing.url, url: issuing.url }, issuing.browser).connect(
        'travel/flights',
        'company',
      );
      if (idp.accessTokens.length === 0) throw new Error(`no account was linked: ${linked.text.slice(0, 500)}`);
      return tokens.map(({ accessToken }) => accessToken);
    },
    life: (wanted) => void (seconds = wanted),
    async stop() {
      await issuing.stop();
      await idp.close();
    },
  };
}

const documents = (idp: CompanyIdp, secret: string): string => `kind: owner
namespace: travel
name: flights
resource: ${RESOURCE}
scopes: [${SCOPE}]
upstreams: [company]
spiffeId: ${OWNER}
---
kind: upstream
name: company
type: oidc
issuer: ${idp.issuer}
clientId: ${idp.clientId}
clientSecret: file://${secret}
primary: false
allowPrivateNetworks: true
`;
