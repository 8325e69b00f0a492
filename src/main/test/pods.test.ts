/** What the operator plans, run: the commands of the pods, their volumes on disk, and a person who signs in and calls. */
import { describe, expect, test, vi } from 'vitest';
import { redisMissing } from '../../../test/redis.ts';
import { startCluster, type Pod, type SmallCluster } from './pods.fixture.ts';
import { signInFor, type SignedIn } from './signed-in.fixture.ts';

const said = async ({ client }: SignedIn, text: string): Promise<string> =>
  JSON.stringify(await client.callTool({ name: 'echo', arguments: { text } }));

/** Credentials that the MCP server was sent. */
const sentTo = ({ output }: Pod): readonly string[] =>
  [...output().matchAll(/^\{"authorization":"(.+)"\}$/gm)].map(([, value]) => value as string);

/** What of a process took up files anew since so many lines, such as its public port (`tls`). */
const reloads = ({ output }: Pod): readonly string[] =>
  [...output().matchAll(/^\{.*"tls\.reloaded".*$/gm)].map(
    ([line]) => (JSON.parse(line) as { readonly what: string }).what,
  );

/** An operator waits between its steps until every pod has what it was given: a kubelet may take a minute. */
const STEPS = [
  ['both are trusted', ['internalListener.clientCa'], ['exchange.ca']],
  ['the new one issues', ['internalListener', 'tls'], ['exchange', 'tls']],
  ['the old one is gone', ['internalListener.clientCa'], ['exchange.ca']],
] as const;

async function signIn(cluster: SmallCluster, account: string): Promise<SignedIn> {
  const { resource, issuer, idp } = cluster;
  return await signInFor(resource, { issuer, idp, account });
}

describe.each(['sqlite', 'postgres'] as const)('the planned pods on %s', (dialect) => {
  // Several pods of an authorization server count in Valkey. Redis is no package of npm; `.ci/run` installs it.
  const isMissing = dialect === 'postgres' && redisMissing !== undefined;

  test.skipIf(isMissing)(
    'a person signs in, the proxy exchanges, the server gets their token at the provider',
    async () => {
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
    },
    240_000,
  );
});

test('certificates and authorities change while the pods run, and no call fails', async () => {
  const cluster = await startCluster();
  const [login] = cluster.authServers as readonly [Pod];
  for (const [step, ofLogin, ofProxy] of STEPS) {
    const [before, beforeProxy] = [reloads(login).length, reloads(cluster.proxy).length];
    cluster.rotate(step);
    await vi.waitFor(
      () => {
        expect(reloads(login).slice(before).toSorted()).toStrictEqual(ofLogin);
        expect(reloads(cluster.proxy).slice(beforeProxy).toSorted()).toStrictEqual(ofProxy);
      },
      { timeout: 30_000, interval: 100 },
    );
    // Of somebody new nothing is remembered: their token is exchanged now.
    expect(await said(await signIn(cluster, step), step)).toContain(step);
  }
  expect(sentTo(cluster.server).every((one) => cluster.idp.holders.has(one.replace('Bearer ', '')))).toBe(true);
  for (const pod of [cluster.proxy, login]) expect(await pod.stop()).toBe(0);
}, 240_000);
