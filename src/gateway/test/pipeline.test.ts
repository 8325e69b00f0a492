/** One pipeline behind both doors: what it refuses, hides, stops and counts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ALICE,
  AUDITOR,
  BOB,
  post,
  snapshotOf,
  startGateway,
  testTool,
  TOOLS,
  waiting,
  type RunningGateway,
} from './gateway.fixture.ts';

const tools = [
  ...TOOLS,
  testTool({
    name: 'throws_at_once',
    run: () => {
      throw new Error('before there is a promise');
    },
  }),
  testTool({
    name: 'breaks_its_promise',
    run: async () => ({ kind: 'value', value: 'text' }),
    overrides: { outputSchema: { type: 'integer' } },
  }),
];

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({ limits: { maxConcurrentCalls: 4 } }, snapshotOf(tools));
});
afterAll(() => running.close());

const at = (path: string): string => `${running.url}${path}`;
const authorized = { Authorization: `Bearer ${ALICE}` };
const invoke = (tool: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  post(at(`/api/tool/${tool}/invoke`), body, headers);

describe('the pipeline, at both doors', () => {
  const call = (name: string, headers: Record<string, string> = {}) =>
    post(at('/mcp'), { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name, arguments: {} } }, headers);

  it('lets a scope through and names all that are missing at once (RFC 6750 §3.1)', async () => {
    expect((await call('scoped')).status).toBe(200);
    for (const response of [await call('two_scopes'), await invoke('two_scopes')]) {
      expect(response.status).toBe(403);
      expect(response.headers.get('www-authenticate')).toMatch(
        /error="insufficient_scope", scope="read:cities write:cities"/,
      );
    }
    const bob = await call('scoped', { Authorization: `Bearer ${BOB}` });
    expect([bob.status, ((await bob.json()) as { id: number; error: { code: number } }).error.code]).toEqual([
      403, -32600,
    ]);
  });

  it('has no tools for a caller whom no policy permits any', async () => {
    for (const response of [
      await call('echo', { Authorization: `Bearer ${AUDITOR}` }),
      await invoke('echo', {}, { Authorization: `Bearer ${AUDITOR}` }),
    ]) {
      expect(await response.text()).toContain('no tool is called `echo`');
    }
  });

  it('shows the model every violation of its arguments', async () => {
    const { result } = (await (await call('picky')).json()) as {
      result: { isError: boolean; content: { text: string }[] };
    };
    expect(result.isError).toBe(true);
    expect(result.content[0]?.text).toMatch(/`city`: must be a string; `limit`: must be at most 10/);
  });

  it('hides what a fault of the server says, and gives the id to find it by', async () => {
    const { error } = (await (await call('broken')).json()) as { error: { code: number; message: string } };
    expect(error.code).toBe(-32603);
    expect(error.message).toMatch(/request id `[0-9a-z]+-[0-9a-z]+`/);
    expect(error.message).not.toContain('secret detail');
  });

  it('answers a tool outside the toolset as unknown', async () => {
    const response = await post(at('/mcp/few'), {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'rows' },
    });
    expect(await response.json()).toMatchObject({ error: { code: -32602, message: 'no tool is called `rows`' } });
  });

  it('tolerates a trailing slash', async () => {
    expect((await post(at('/mcp/few/'), { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(200);
  });

  it('stops the work when the caller goes away, and reports it', async () => {
    const before = waiting.length;
    const controller = new AbortController();
    const gone = fetch(at('/api/tool/wait/invoke'), {
      method: 'POST',
      headers: { ...authorized, 'Content-Type': 'application/json' },
      body: '{}',
      signal: controller.signal,
    }).catch(() => 'gone');
    await expect.poll(() => waiting.length).toBe(before + 1);
    controller.abort();
    await waiting[before]?.aborted;
    expect(await gone).toBe('gone');
    await expect.poll(() => running.reports.at(-1)?.outcome).toBe('CALL_CANCELLED');
  });

  it('refuses calls past the limit with Retry-After, and frees their places', async () => {
    const controller = new AbortController();
    const before = waiting.length;
    const held = Array.from({ length: 4 }, () =>
      fetch(at('/api/tool/wait/invoke'), {
        method: 'POST',
        headers: { ...authorized, 'Content-Type': 'application/json' },
        body: '{}',
        signal: controller.signal,
      }).catch(() => undefined),
    );
    await expect.poll(() => waiting.length).toBe(before + 4);
    for (const response of [await invoke('echo'), await call('echo')]) {
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    }
    controller.abort();
    await Promise.all(held);
    await expect.poll(() => running.gateway.gauges.running()).toBe(0);
    expect((await invoke('echo')).status).toBe(200);
  });

  it('frees the place of a call however it fails: refused, thrown, rejected, or unfit to be told', async () => {
    for (const name of ['throws_at_once', 'broken', 'breaks_its_promise', 'picky', 'two_scopes', 'nope']) {
      for (let time = 0; time < 6; time++) {
        const { status } = await call(name);
        expect([name, status]).not.toEqual([name, 503]);
      }
    }
    expect(running.gateway.gauges.running()).toBe(0);
    expect((await call('echo')).status).toBe(200);
  });

  it('keeps callers apart when all use the same ids (MCP-018)', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, caller) => {
        const response = await post(at('/mcp'), {
          jsonrpc: '2.0',
          id: caller % 3,
          method: 'tools/list',
          params: { caller },
        });
        const echo = await invoke('rows', { caller });
        return [((await response.json()) as { id: number }).id === caller % 3, echo.status];
      }),
    );
    for (const answer of answers) expect(answer).toEqual([true, expect.any(Number)]);
  });
});
