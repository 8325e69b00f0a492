import { expect, it } from 'vitest';
import { serve } from '../../../../../test/http-server.ts';
import { buildTool, openSource, runContext } from './http-tool.fixture.ts';

it.each([
  ['429 with seconds', 429, () => '30', 30],
  ['503 with a moment', 503, () => new Date(Date.now() + 20_000).toUTCString(), 20],
  ['429 for longer than anybody is believed', 429, () => '999999', 3600],
])('a tool rests after %s, and asks the API nothing meanwhile', async (_, status, retryAfter, seconds) => {
  let asked = 0;
  await using api = await serve((_request, response) => {
    asked++;
    response.writeHead(status, { 'Retry-After': retryAfter() }).end('enough');
  });
  const source = openSource({ baseUrl: api.url });
  const tool = buildTool(source, { method: 'GET', path: '/thing' });
  for (let call = 0; call < 3; call++) {
    const failure = (await Promise.resolve(tool.run({}, runContext())).catch((error: unknown) => error)) as {
      code: string;
      details: { retryAfterSeconds: number };
    };
    expect(failure.code).toBe('TOOL_RESTING');
    expect(failure.details.retryAfterSeconds).toBeGreaterThan(seconds - 15);
    expect(failure.details.retryAfterSeconds).toBeLessThanOrEqual(seconds);
  }
  expect(asked).toBe(1);
  await source.close();
});

it('a tool whose API names no time does not rest', async () => {
  let asked = 0;
  await using api = await serve((_request, response) => {
    asked++;
    response.writeHead(429).end('enough');
  });
  const source = openSource({ baseUrl: api.url });
  const tool = buildTool(source, { method: 'GET', path: '/thing' });
  for (let call = 0; call < 2; call++)
    await expect(Promise.resolve(tool.run({}, runContext()))).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  expect(asked).toBe(2);
  await source.close();
});
