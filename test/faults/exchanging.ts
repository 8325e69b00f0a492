/** An authorization server with a listener for owners, of which the certificates come from a SPIFFE Workload API. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCompanyIdp, type CompanyIdp } from '../company-provider.ts';
import { freePort } from '../loopback.ts';
import { Surfer } from '../surfer.ts';
import { startWorkloadServer, type IdentityMessage, type WorkloadServer } from '../workload-api.ts';
import { issuing } from './issuing.ts';

export const TRUST_DOMAIN = 'faults.test';
export const SERVER = `spiffe://${TRUST_DOMAIN}/ns/system/authserver`;
export const OWNER = `spiffe://${TRUST_DOMAIN}/ns/travel/mcpserver/flights`;
const WISH = { resource: 'https://flights.example/mcp', scope: 'read:flights' };

export interface Exchanging {
  /** The internal listener. */
  readonly url: URL;
  /** Of a session of the owner, whose person has an account at the provider. */
  readonly subjectToken: string;
  readonly idp: CompanyIdp;
}

/** Starts it with what `first` gives by the Workload API, does the work and ends it. `folder` is for files of the owner. */
export async function exchanging<Value>(
  first: IdentityMessage,
  work: (exchanging: Exchanging, workloads: WorkloadServer, folder: string) => Promise<Value>,
): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-fault-workloads-'));
  const [port, internal] = [await freePort(), await freePort()];
  const idp = await openCompanyIdp({ redirectUris: [`http://127.0.0.1:${port}/oauth/callback/company`] });
  const workloads = await startWorkloadServer(join(folder, 'agent.sock'));
  workloads.give({ svids: [first] });
  const options = {
    name: 'trust-bundle',
    port,
    server: { internalListener: { port: internal, trustDomain: TRUST_DOMAIN, workloadApi: workloads.endpoint } },
    more: documents(idp),
    env: () => ({ COMPANY: idp.clientSecret }),
  };
  try {
    return await issuing(options, async ({ url, browser, signIns }) => {
      const [tokens] = await signIns(1, WISH);
      const linked = await new Surfer({ own: url, url }, browser).connect('travel/flights', 'company');
      if (idp.accessTokens.length === 0) throw new Error(`no account was linked: ${linked.text.slice(0, 500)}`);
      const listener = new URL(`https://127.0.0.1:${internal}`);
      return await work({ url: listener, subjectToken: tokens?.accessToken ?? '', idp }, workloads, folder);
    });
  } finally {
    workloads.stop();
    await idp.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const documents = (idp: CompanyIdp): string => `kind: owner
namespace: travel
name: flights
resource: ${WISH.resource}
scopes: [${WISH.scope}]
upstreams: [company]
spiffeId: ${OWNER}
---
kind: upstream
name: company
type: oidc
issuer: ${idp.issuer}
clientId: ${idp.clientId}
clientSecret: "\${COMPANY}"
primary: false
allowPrivateNetworks: true
---
`;
