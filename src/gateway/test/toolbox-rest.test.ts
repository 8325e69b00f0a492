/** The REST of MCP Toolbox: its shapes, and status codes that tell the truth. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, post, startGateway, type RunningGateway } from './gateway.fixture.ts';

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({});
});
afterAll(() => running.close());

const at = (path: string): string => `${running.url}${path}`;
const authorized = { Authorization: `Bearer ${ALICE}` };
const invoke = (tool: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  post(at(`/api/tool/${tool}/invoke`), body, headers);

describe('the REST of MCP Toolbox', () => {
  it('gives its manifests', async () => {
    const all = (await (await fetch(at('/api/toolset'), { headers: authorized })).json()) as {
      serverVersion: string;
      tools: Record<string, unknown>;
    };
    expect(all.serverVersion).toBe('0.0.0-test');
    expect(all.tools['echo']).toEqual({ description: 'The test tool echo.', parameters: [], authRequired: [] });
    const few = (await (await fetch(at('/api/toolset/few'), { headers: authorized })).json()) as { tools: object };
    expect(Object.keys(few.tools)).toEqual(['echo']);
    expect((await fetch(at('/api/toolset/none'), { headers: authorized })).status).toBe(404);
    expect((await fetch(at('/api/tool/nope'), { headers: authorized })).status).toBe(404);
  });

  const results: [tool: string, result: string][] = [
    ['rows', '[{"id":1},{"id":2}]'],
    ['none', '[]'],
  ];
  it.each(results)('gives the result of %s as JSON text', async (tool, result) => {
    expect(await (await invoke(tool)).json()).toEqual({ result });
  });

  it('says that an answer was cut', async () => {
    expect(await (await invoke('cut')).json()).toMatchObject({
      result: '[{"id":1}]',
      notice: expect.stringMatching(/cut/),
    });
  });

  const refusals: [tool: string, body: string, status: number, code: string][] = [
    ['nope', '{}', 404, 'TOOL_UNKNOWN'],
    ['echo', '[]', 400, 'BODY_INVALID'],
    ['echo', '', 400, 'BODY_INVALID'],
    ['picky', '{}', 400, 'ARGUMENTS_INVALID'],
    ['google_only', '{}', 401, 'TOOL_TOKEN_REQUIRED'],
    ['secretive', '{"pin":"1"}', 400, 'SECURE_CHANNEL_REQUIRED'],
    ['two_scopes', '{}', 403, 'INSUFFICIENT_SCOPE'],
    ['broken', '{}', 500, 'INTERNAL'],
  ];
  it.each(refusals)('%s with %s gets %i %s', async (tool, body, status, code) => {
    const response = await invoke(tool, body);
    expect(response.status).toBe(status);
    const told = (await response.json()) as { code: string; error: string; remedy: string };
    expect(told.code).toBe(code);
    expect(told.remedy).not.toBe('');
    expect(told.error).not.toContain('secret detail');
  });

  it('answers 405 with Allow to another method', async () => {
    const response = await fetch(at('/api/tool/echo/invoke'), { headers: authorized });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
