/** Which hosts and pages are this server’s own (MCP, Streamable HTTP, Security). */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, startGateway, type RunningGateway } from './gateway.fixture.ts';
import { raw } from './wire.fixture.ts';

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({ allowedOrigins: ['https://app.example'], allowedHosts: ['tools.example'] });
});
afterAll(() => running.close());

const at = (path: string): string => `${running.url}${path}`;
const authorized = { Authorization: `Bearer ${ALICE}` };

describe('DNS rebinding', () => {
  const origins: [origin: string, status: number][] = [
    ['http://evil.test', 403],
    ['null', 403],
    ['http://localhost.evil.test', 403],
    ['http://127.0.0.1:9999', 403],
    ['file://', 403],
    ['https://app.example.evil.test', 403],
    ['https://app.example', 200],
  ];
  it.each(origins)('MCP-001: Origin %s gets %i', async (origin, status) => {
    const response = await fetch(at('/api/toolset'), { headers: { ...authorized, Origin: origin } });
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(status === 200 ? origin : null);
  });

  const hosts: [host: string, status: RegExp][] = [
    ['evil.test', /421/],
    ['evil.test:8080', /421/],
    ['127.0.0.1.evil.test', /421/],
    ['127.0.0.1:1', /200/],
    ['', /4\d\d/],
    ['tools.example', /200/],
    ['TOOLS.example:443', /200/],
    ['localhost', /200/],
  ];
  it.each(hosts)('MCP-002: Host `%s` gets %s', async (host, status) => {
    const answer = await raw(
      running.port,
      `GET /api/toolset HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${ALICE}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.split('\r\n')[0]).toMatch(status);
  });

  it('takes the address that a connection came in on for a host of its own: health checks say it', async () => {
    const everywhere = await startGateway({ host: '0.0.0.0', tlsTerminatedBy: 'the test' });
    const get = (host: string): Promise<Response> =>
      new Promise((resolve, reject) => {
        const request = httpRequest(
          { host: '127.0.0.2', port: everywhere.port, path: '/healthz', headers: { Host: host } },
          (response) => resolve(new Response(null, { status: response.resume().statusCode! })),
        );
        request.on('error', reject).end();
      });
    expect((await get(`127.0.0.2:${everywhere.port}`)).status).toBe(200);
    expect((await get('127.0.0.2')).status).toBe(200);
    for (const foreign of ['127.0.0.3', '127.0.0.2.evil.test', 'evil.test', '127.0.0.2:x'])
      expect((await get(foreign)).status).toBe(421);
    await everywhere.close();
  });

  it('MCP-002: refuses two Host headers and an absolute-form target of another host', async () => {
    const own = `Host: 127.0.0.1:${running.port}`;
    const rest = `Authorization: Bearer ${ALICE}\r\nConnection: close\r\n\r\n`;
    expect(await raw(running.port, `GET /api/toolset HTTP/1.1\r\n${own}\r\nHost: evil.test\r\n${rest}`)).toMatch(
      /^HTTP\/1\.1 4/,
    );
    expect(await raw(running.port, `GET http://evil.test/api/toolset HTTP/1.1\r\n${own}\r\n${rest}`)).toMatch(
      /^HTTP\/1\.1 4/,
    );
  });

  it('answers a preflight for listed origins only', async () => {
    const preflight = (origin: string) =>
      fetch(at('/mcp'), {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,mcp-param-region,my-google_token',
        },
      });
    const allowed = await preflight('https://app.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-headers')).toMatch(
      /Authorization.*mcp-param-region, my-google_token$/,
    );
    expect((await preflight('https://evil.test')).status).toBe(403);
  });
});
