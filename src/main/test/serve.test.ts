import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CITIES,
  COMMAND,
  makeKey,
  run,
  SCOPED,
  start,
  workspace,
  type RunningServer,
  type Workspace,
} from './server.fixture.ts';

let place: Workspace;
let server: RunningServer | undefined;
beforeEach(() => {
  place = workspace();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  place.remove();
});

const serve = async (text = CITIES, ...more: string[]): Promise<RunningServer> =>
  (server = await start(['--config', place.write('tools.yaml', text), '--data-dir', place.dataDir, ...more]));

const invoke = (tool: string, key: string, body: object = {}): Promise<Response> =>
  fetch(`${server?.url}/api/tool/${tool}/invoke`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

async function client(key: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${server?.url}/mcp`), {
      requestInit: { headers: { Authorization: `Bearer ${key}` } },
    }),
  );
  return client;
}

describe('chatelaine serve', () => {
  it('serves a file of MCP Toolbox to a key that was made while it ran, and ends with 0 on SIGTERM', async () => {
    await serve();
    const { key } = await makeKey(place.dataDir);
    expect(await (await invoke('city', key, { id: 1 })).json()).toEqual({
      result: '[{"name":"Basel","inhabitants":177000}]',
    });
    const mcp = await client(key);
    expect((await mcp.callTool({ name: 'city', arguments: { id: 2 } })).content).toEqual([
      { type: 'text', text: '{"name":"Bern","inhabitants":134000}' },
    ]);
    await mcp.close();
    expect(await server?.stop()).toBe(0);
    expect(server?.stderr()).toContain('"event":"ended"');
    server = undefined;
  });

  it('refuses a revoked key within a second, in the server that runs', async () => {
    await serve();
    const { id, key } = await makeKey(place.dataDir);
    expect((await invoke('city', key, { id: 1 })).status).toBe(200);
    expect((await run(['key', 'revoke', id, '--data-dir', place.dataDir])).code).toBe(0);
    await expect
      .poll(async () => (await invoke('city', key, { id: 1 })).status, { timeout: 1000, interval: 50 })
      .toBe(401);
  });

  it('keeps its files to itself', async () => {
    await serve();
    expect(statSync(place.dataDir).mode & 0o077).toBe(0);
    for (const file of ['chatelaine.db', 'request-state.key'])
      expect(statSync(`${place.dataDir}/${file}`).mode & 0o077).toBe(0);
  });

  it('writes no key and no argument to its log', async () => {
    await serve(CITIES, '--log-level', 'trace');
    const { key } = await makeKey(place.dataDir);
    await invoke('city', key, { id: 1, note: 'a private remark' });
    await invoke('city', `${key}x`, { id: 1 });
    await expect.poll(() => server?.stderr()).toContain('authentication.refused');
    expect(server?.stderr()).toContain('"event":"tool.call"');
    expect(server?.stderr()).not.toContain(key.slice(-20));
    expect(server?.stderr()).not.toContain('private remark');
  });

  it('requires scopes that the key carries', async () => {
    await serve(CITIES + SCOPED);
    const plain = await makeKey(place.dataDir);
    const scoped = await makeKey(place.dataDir, '--scope', 'write:cities');
    const refused = await invoke('rename', plain.key, { id: 3, name: 'Bienne' });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('scope="write:cities"'),
    ]);
    expect(await (await invoke('rename', scoped.key, { id: 3, name: 'Bienne' })).json()).toEqual({
      result: '[{"name":"Bienne"}]',
    });
  });

  describe('reloading', () => {
    const twice = CITIES.replace('name: city\n', 'name: town\n');

    it('takes a changed file and tells open sessions', async () => {
      await serve();
      const { key } = await makeKey(place.dataDir);
      const mcp = await client(key);
      const told = new Promise<void>((resolve) =>
        mcp.setNotificationHandler('notifications/tools/list_changed', () => resolve()),
      );
      place.write('tools.yaml', twice);
      await told;
      expect((await mcp.listTools()).tools.map((tool) => tool.name)).toEqual(['town']);
      await mcp.close();
    });

    it('keeps what runs when the new file is wrong, says why, and takes the next good one', async () => {
      await serve();
      const { key } = await makeKey(place.dataDir);
      place.write('tools.yaml', CITIES.replace('type: sqlite\n', 'type: sqlit\n'));
      await expect.poll(() => server?.stderr()).toMatch(/tools\.yaml:4:7: error: .*did you mean `sqlite`/);
      expect((await invoke('city', key, { id: 1 })).status).toBe(200);
      place.write('tools.yaml', twice);
      await expect.poll(async () => (await invoke('town', key, { id: 1 })).status).toBe(200);
      expect((await invoke('city', key, { id: 1 })).status).toBe(404);
    });

    it('CFG-005: answers every call while the file changes a hundred times, wrong every tenth', async () => {
      await serve();
      const { key } = await makeKey(place.dataDir);
      const state = { writing: true };
      const writes = (async () => {
        for (let count = 0; count < 100; count++) {
          place.write('tools.yaml', count % 10 === 0 ? '{' : `${CITIES}\n# ${count}\n`);
          await new Promise(setImmediate);
        }
        place.write('tools.yaml', CITIES);
        state.writing = false;
      })();
      const statuses: number[] = [];
      while (state.writing) statuses.push((await invoke('city', key, { id: 1 })).status);
      await writes;
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
      expect(statuses.length).toBeGreaterThan(0);
    });
  });

  it('starts with a source that is down, says so in /readyz and in the call, and serves the others', async () => {
    await serve(`${CITIES}
---
kind: source
name: remote
type: http
baseUrl: http://127.0.0.1:1
allowedIpRanges: [127.0.0.0/8]
---
kind: tool
name: far
type: http
source: remote
description: Far away.
method: GET
path: /
`);
    const { key } = await makeKey(place.dataDir);
    expect(await (await fetch(`${server?.url}/readyz`)).json()).toMatchObject({
      status: 'ready',
      sources: { cities: { state: 'ok' }, remote: { state: 'unreachable' } },
    });
    const failed = await invoke('far', key);
    expect([failed.status, ((await failed.json()) as { code: string }).code]).toEqual([503, 'SOURCE_UNREACHABLE']);
    expect((await invoke('city', key, { id: 1 })).status).toBe(200);
  });

  it('serves metrics on loopback, at the port that was chosen', async () => {
    await serve(`kind: server\nmetrics: { port: 0 }\n---${CITIES}`);
    const { key } = await makeKey(place.dataDir);
    await invoke('city', key, { id: 1 });
    const url = /Metrics\s+(\S+)/.exec(server?.stdout() ?? '')?.[1] as string;
    expect(await (await fetch(url)).text()).toContain(
      'chatelaine_tool_calls_total{tool="city",door="rest",outcome="ok"} 1',
    );
  });

  it('closes a connection that sends its headers too slowly', async () => {
    await serve(`kind: server\nlimits: { requestTimeout: 1s }\n---${CITIES}`);
    const closed = await new Promise<string>((resolve) => {
      let answer = '';
      const socket = connect(Number(new URL(server?.url as string).port), '127.0.0.1', () =>
        socket.write('GET /healthz HTTP/1.1\r\nHost:'),
      );
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('close', () => resolve(answer));
    });
    expect(closed).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });
});

describe('a start that cannot be', () => {
  const wrong: [what: string, text: string, says: RegExp][] = [
    [
      'every problem of the file at once',
      'kind: tool\nname: a\ntype: sqlite-sql\nsource: nope\n---\nkind: toolset\nname: b\ntools: [c]\n',
      /tools\.yaml:1:1: [\s\S]*`statement` is missing[\s\S]*tools\.yaml:4:9: [\s\S]*`nope`[\s\S]*tools\.yaml:8:9: [\s\S]*`c`/,
    ],
    ['a bind beyond loopback without TLS in front', `kind: server\nhost: 0.0.0.0\n---${CITIES}`, /tlsTerminatedBy/],
    ['any origin', `kind: server\nallowedOrigins: ['*']\n---${CITIES}`, /allow every origin/],
    ['an unset variable', CITIES.replace('cities.db', '${NOT_SET_ANYWHERE}'), /NOT_SET_ANYWHERE/],
  ];
  it.each(wrong)('names %s and exits with 2', async (_, text, says) => {
    const { code, stderr } = await run([
      'serve',
      '--config',
      place.write('tools.yaml', text),
      '--data-dir',
      place.dataDir,
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('error CONFIGURATION_INVALID');
    expect(stderr).toMatch(says);
    expect(existsSync(place.file('data/chatelaine.db'))).toBe(false);
  });

  it('says what to name when nothing was named', async () => {
    const { code, stderr } = await run(['serve', '--data-dir', place.dataDir], { cwd: place.folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining('--quickstart')]);
  });

  it('names the port that is taken', async () => {
    await serve();
    const port = new URL(server?.url as string).port;
    const { code, stderr } = await run([
      'serve',
      '--config',
      place.file('tools.yaml'),
      '--data-dir',
      place.file('other'),
      '--port',
      port,
    ]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(new RegExp(`ADDRESS_UNAVAILABLE.*${port}.*another program`)),
    ]);
  });
});

describe('chatelaine serve --stdio', () => {
  const stdio = (...more: string[]): StdioClientTransport =>
    new StdioClientTransport({
      command: COMMAND,
      args: [
        'serve',
        '--stdio',
        '--config',
        place.write('tools.yaml', CITIES + SCOPED),
        '--data-dir',
        place.dataDir,
        ...more,
      ],
      stderr: 'ignore',
    });

  it.each([['auto'], ['legacy']] as const)('serves the official client (%s era)', async (mode) => {
    const mcp = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    await mcp.connect(stdio());
    expect((await mcp.callTool({ name: 'city', arguments: { id: 3 } })).content).toEqual([
      { type: 'text', text: '{"name":"Biel","inhabitants":55000}' },
    ]);
    await expect(mcp.callTool({ name: 'rename', arguments: { id: 3, name: 'x' } })).rejects.toThrow(
      /insufficient scopes/,
    );
    await mcp.close();
  });

  it('gives the local user the scopes that were named', async () => {
    const mcp = new Client({ name: 'test', version: '1' });
    await mcp.connect(stdio('--scope', 'write:cities'));
    expect((await mcp.callTool({ name: 'rename', arguments: { id: 3, name: 'Bienne' } })).content).toEqual([
      { type: 'text', text: '{"name":"Bienne"}' },
    ]);
    await mcp.close();
  });
});

describe('chatelaine invoke', () => {
  const call = (...args: string[]) =>
    run(['invoke', ...args, '--config', place.write('tools.yaml', CITIES + SCOPED), '--data-dir', place.dataDir]);

  it('calls through the same pipeline and prints the answer alone', async () => {
    expect(await call('city', '{"id": 1}')).toEqual({
      code: 0,
      stdout: '{"name":"Basel","inhabitants":177000}\n',
      stderr: '',
    });
    const { stdout } = await call('city', '{"id": 1}', '--json');
    expect(JSON.parse(stdout)).toEqual({ content: [{ type: 'text', text: '{"name":"Basel","inhabitants":177000}' }] });
  });

  const refused: [args: string[], code: number, says: RegExp][] = [
    [['rename', '{"id":1,"name":"x"}'], 1, /INSUFFICIENT_SCOPE/],
    [['nope', '{}'], 1, /TOOL_UNKNOWN/],
    [['city', '{"id":"one"}'], 2, /ARGUMENTS_INVALID.*`id`/],
    [['city', '{'], 2, /OPTION_INVALID.*not a JSON object/],
    [['city', '[]'], 2, /OPTION_INVALID/],
  ];
  it.each(refused)('%j exits with %i', async (args, code, says) => {
    const finished = await call(...args);
    expect([finished.code, finished.stdout]).toEqual([code, '']);
    expect(finished.stderr).toMatch(says);
  });

  it('carries a scope that was named', async () => {
    expect((await call('rename', '{"id":2,"name":"Berne"}', '--scope', 'write:cities')).stdout).toBe(
      '{"name":"Berne"}\n',
    );
  });
});
