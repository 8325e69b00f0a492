/** MCP servers behind the whole: a remote one and a child process, served, called from the command line, on record. */
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { serveUpstream } from '../../../test/mcp-upstream.ts';
import { makeKey, run, start, workspace } from './server.fixture.ts';

const CHILD = fileURLToPath(new URL('../../servers/connections/test/stdio-session.fixture.ts', import.meta.url));
const ALLOWED = `kind: policy
name: servers
cedar: |
  @id("Users call tools of servers")
  permit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };
`;

async function place() {
  const made = workspace();
  onTestFinished(() => made.remove());
  const far = await serveUpstream('session');
  onTestFinished(() => far.close());
  const child = ['--conditions=chatelaine-source', '--disable-warning=ExperimentalWarning', CHILD];
  made.write(
    'tools.yaml',
    `kind: server
metrics: false
mcpServers: { commands: [${process.execPath}] }
---
kind: mcpServer
name: far
url: ${far.url}
allowPrivateNetworks: true
---
kind: mcpServer
name: near
command: ${process.execPath}
args: ${JSON.stringify(child)}
---
${ALLOWED}`,
  );
  return { made, far };
}

test('a remote server and a child process are served beside each other, and their calls are on record', async () => {
  const { made } = await place();
  const { key } = await makeKey(made.dataDir);
  const server = await start(['--config', made.file('tools.yaml'), '--data-dir', made.dataDir]);
  onTestFinished(async () => void (await server.stop()));
  const ask = async (path: string, method: string, params: object): Promise<string> => {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: {
        ...{ Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        Accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    return await response.text();
  };
  await expect.poll(() => ask('/mcp', 'tools/list', {}), { timeout: 60_000, interval: 200 }).toContain('near_echo');
  await expect.poll(() => ask('/mcp', 'tools/list', {}), { timeout: 60_000, interval: 200 }).toContain('far_echo');
  expect(await ask('/mcp', 'tools/call', { name: 'far_echo', arguments: { text: 'over there' } })).toContain(
    'over there',
  );
  expect(await ask('/mcp/s/default/near', 'tools/call', { name: 'echo', arguments: { text: 'at home' } })).toContain(
    'at home',
  );
  const { stdout } = await run(['audit', 'query', '--data-dir', made.dataDir, '--json', '--type', 'tool.call']);
  expect(stdout).toContain('"server":"far"');
  expect(stdout).toContain('"server":"near"');
}, 180_000);

test('`chatelaine invoke` waits for what the servers offer', async () => {
  const { made } = await place();
  const options = ['--config', made.file('tools.yaml'), '--data-dir', made.dataDir];
  const called = await run(['invoke', 'near_echo', '{"text":"at home"}', ...options]);
  expect(called.stderr).toBe('');
  expect(called.stdout).toContain('at home');
}, 180_000);
