/**
 * Nothing by which a client is known to us reaches who stands behind us (invariant 17): for any header fields, at every
 * door, towards MCP servers of both eras and HTTP APIs, by everything that those receive.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, federate, federatedPolicies, serverDocument, upstream } from './federation.fixture.ts';
import { fieldsWith } from '../../../test/header-fields.ts';
import { openTap, type Tap } from '../../../test/tap.ts';
import { ALICE, post, postStateless } from './gateway.fixture.ts';

const taps: Tap[] = [];
afterEach(async () => {
  await closeAll();
  for (const one of taps.splice(0)) one.close();
});

async function tap(server?: string): Promise<Tap> {
  const made = await openTap(server);
  taps.push(made);
  return made;
}

const canary = fc
  .integer({ min: 0, max: 2 ** 48 - 1 })
  .map((number) => `canary${number.toString(16).padStart(12, '0')}`);
const fields = fieldsWith(canary);

const POLICIES = federatedPolicies(
  '@id("Users call everything")\npermit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource);',
);

const httpSource = (url: string): string =>
  [
    `kind: source\nname: api\ntype: http\nbaseUrl: ${new URL(url).origin}\nallowPrivateNetworks: true`,
    'kind: tool\nname: api_get\ntype: http\nsource: api\ndescription: Gets.\nmethod: GET\npath: /v1/thing',
    [
      'kind: tool\nname: api_post\ntype: http\nsource: api\ndescription: Posts.\nmethod: POST\npath: /v1/thing',
      'requestBody: \'{"text":{{json .text}}}\'\nbodyParams:\n  - { name: text, type: string, description: Text. }',
    ].join('\n'),
  ].join('\n---\n');

type Door = (url: string, tool: string, headers: Record<string, string>) => Promise<Response>;
const params = (name: string) => ({ name, arguments: { text: 'plain' } });
const DOORS: Readonly<Record<string, Door>> = {
  'MCP, the session era': (url, tool, headers) =>
    post(`${url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: params(tool) }, headers),
  'MCP, the stateless era': (url, tool, headers) =>
    postStateless(`${url}/mcp`, 'tools/call', params(tool), { headers }),
  REST: (url, tool, headers) => post(`${url}/api/tool/${tool}/invoke`, { text: 'plain' }, headers),
};

describe.each(Object.keys(DOORS))('at the door %s', (name) => {
  it(
    'nothing of the client’s header fields goes on, whatever they are called (invariant 17, property) (MCP-016)',
    { timeout: 120_000 },
    async () => {
      const door = DOORS[name] as Door;
      const stateless = await tap((await upstream('stateless')).url);
      const session = await tap((await upstream('session')).url);
      const api = await tap();
      const documents = [serverDocument('one', stateless.url), serverDocument('two', session.url), httpSource(api.url)];
      const { url } = await federate(documents, { policies: POLICIES });
      const tools = { one_echo: stateless, two_echo: session, api_get: api, api_post: api };
      await fc.assert(
        fc.asyncProperty(fields, async (headers) => {
          for (const [tool, { received }] of Object.entries(tools)) {
            const before = received.length;
            const response = await door(url, tool, headers);
            expect([tool, response.status, await response.text()]).toEqual([
              tool,
              200,
              expect.not.stringContaining('isError":true'),
            ]);
            expect(received.length).toBeGreaterThan(before);
          }
          for (const { received } of [stateless, session, api]) {
            const all = received.splice(0).join('\n').toLowerCase();
            expect(all).not.toMatch(/canary[0-9a-f]{12}|authorization|cookie|forwarded/);
            expect(all).not.toContain(ALICE);
          }
        }),
        { numRuns: 100 },
      );
    },
  );
});
