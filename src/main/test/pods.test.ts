/** What the operator plans, run: the commands of the pods, their volumes on disk, and a person who signs in and calls. */
import { describe, expect, test, vi } from 'vitest';
import { startCluster, type Pod, type SmallCluster } from './pods.fixture.ts';
import { signInFor, type SignedIn } from './signed-in.fixture.ts';

const said = async ({ client }: SignedIn, text: string): Promise<string> =>
  JSON.stringify(await client.callTool({ name: 'echo', arguments: { text } }));

/** Credentials that the MCP server was sent. */
const sentTo = ({ output }: Pod): readonly string[] =>
  [...output().matchAll(/^\{"authorization":"(.+)"\}$/gm)].map(([, value]) => value as string);

async function signIn(cluster: SmallCluster, account: string): Promise<SignedIn> {
  const { resource, issuer, idp } = cluster;
  return await signInFor(resource, { issuer, idp, account });
}

describe.each(['sqlite', 'postgres'] as const)('the planned pods on %s', (dialect) => {
  test('a person signs in, the proxy exchanges, the server gets the token of the person at the provider', async () => {
    const cluster = await startCluster({ dialect });
    expect(cluster.authServers).toHaveLength(dialect === 'sqlite' ? 1 : 2);
    const ana = await signIn(cluster, 'ana');
    expect(await said(ana, 'over the pods')).toContain('over the pods');
    const credentials = sentTo(cluster.server);
    expect(credentials).not.toStrictEqual([]);
    for (const credential of credentials) {
      expect(credential).not.toContain(ana.token);
      expect(cluster.idp.holders.get(credential.replace('Bearer ', ''))).toBe('ana');
    }
  }, 240_000);
});

test('certificates and authorities change while the pods run, and no call fails', async () => {
  const cluster = await startCluster();
  const ana = await signIn(cluster, 'ana');
  for (const step of ['both are trusted', 'the new one issues', 'the old one is gone'] as const) {
    cluster.rotate(step);
    // Files are looked at every second; what is remembered of an exchange is good for thirty.
    await vi.waitFor(
      async () => expect(await (await fetch(new URL('/readyz', cluster.resource))).text()).toContain('"status"'),
      { timeout: 30_000 },
    );
    expect(await said(ana, step)).toContain(step);
  }
  const bo = await signIn(cluster, 'bo');
  expect(await said(bo, 'after it')).toContain('after it');
}, 240_000);
