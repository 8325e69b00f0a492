/** The command line and standard input before MCP servers that want tokens of a sign-in: a clear refusal, and what to do. */
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, onTestFinished, test, vi } from 'vitest';
import { serveUpstream } from '../../../test/mcp-upstream.ts';
import { COMMAND, run, workspace, type Finished, type Workspace } from './server.fixture.ts';

const documents = (url: string): string => `
kind: mcpServer
name: people
url: ${url}
allowPrivateNetworks: true
auth: { type: oauth }
---
kind: mcpServer
name: ours
url: ${url}
allowPrivateNetworks: true
auth: { type: oauth, grant: client_credentials, clientId: us, clientSecret: "${['not', 'so', 'secret'].join('-')}", issuer: https://login.example }
---
kind: mcpServer
name: away
url: http://127.0.0.1:9/mcp
allowPrivateNetworks: true
---
kind: policy
name: servers
cedar: |
  @id("Users call tools of servers")
  permit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };
`;

async function place(): Promise<{ space: Workspace; asked: () => number }> {
  const space = workspace();
  onTestFinished(() => space.remove());
  const far = await serveUpstream('stateless');
  onTestFinished(() => far.close());
  space.write('tools.yaml', documents(far.url));
  return { space, asked: () => far.requests.length };
}

const at = ({ folder, dataDir }: Workspace, ...args: readonly string[]): Promise<Finished> =>
  run([...args, '--config', 'tools.yaml', '--data-dir', dataDir], { cwd: folder });

test('`invoke` of a tool that no server has told of says why, and what to do', async () => {
  const { space, asked } = await place();
  for (const [tool, code, why, remedy] of [
    ['people_echo', 'CALLER_NOT_SIGNED_IN', 'of no sign-in', 'Call with an access token'],
    ['people_connect_account', 'CALLER_NOT_SIGNED_IN', 'of no sign-in', 'Call with an access token'],
    ['ours_echo', 'SERVER_UNAVAILABLE', 'no authorization server runs here', ''],
    ['away_echo', 'SERVER_UNAVAILABLE', 'cannot be reached', ''],
    ['nobody_echo', 'TOOL_UNKNOWN', 'no tool is called', 'List the tools'],
  ] as const) {
    const { code: exit, stderr } = await at(space, 'invoke', tool, '{}');
    expect([tool, exit, stderr]).toEqual([tool, expect.any(Number), expect.stringContaining(`error ${code}`)]);
    expect(exit).not.toBe(0);
    for (const words of [why, remedy]) expect(stderr).toContain(words);
  }
  expect(asked()).toBe(0);
}, 120_000);

test('a client at standard input is told the same of what it finds listed, and the log says of whom nothing is', async () => {
  const { space, asked } = await place();
  const transport = new StdioClientTransport({
    ...{ command: COMMAND, args: ['serve', '--stdio', '--config', 'tools.yaml', '--data-dir', space.dataDir] },
    ...{ cwd: space.folder, stderr: 'pipe' },
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const client = new Client({ name: 'desk', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['people_connect_account']);
  expect(await client.callTool({ name: 'people_connect_account', arguments: {} })).toMatchObject({
    isError: true,
    _meta: {
      'dev.chatelaine/error': {
        code: 'CALLER_NOT_SIGNED_IN',
        remedy: expect.stringContaining('signed in') as string,
      },
    },
  });
  await vi.waitFor(
    () => expect(stderr).toContain('no authorization server runs here that could have a token of ours'),
    {
      timeout: 20_000,
    },
  );
  expect(asked()).toBe(0);
}, 120_000);
