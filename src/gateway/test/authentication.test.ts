/** Who is let in, at every door, and what everybody else is told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, OUTSIDER, startGateway, UNREADABLE, type RunningGateway } from './gateway.fixture.ts';
import { raw } from './wire.fixture.ts';

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({});
});
afterAll(() => running.close());

const at = (path: string): string => `${running.url}${path}`;
const authorized = { Authorization: `Bearer ${ALICE}` };

describe('every door', () => {
  const doors: [method: string, path: string][] = [
    ['POST', '/mcp'],
    ['GET', '/mcp'],
    ['DELETE', '/mcp'],
    ['POST', '/mcp/few'],
    ['POST', '/mcp/n/default'],
    ['GET', '/api/toolset'],
    ['GET', '/api/toolset/few'],
    ['GET', '/api/tool/echo'],
    ['POST', '/api/tool/echo/invoke'],
  ];
  const credentials: [what: string, headers: Record<string, string>][] = [
    ['no credential', {}],
    ['an unknown key', { Authorization: 'Bearer chk_nobody' }],
    ['another scheme', { Authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }],
    ['two spaces (MCP-005)', { Authorization: `Bearer  ${ALICE}` }],
    ['a tab (MCP-005)', { Authorization: `Bearer\t${ALICE}` }],
    ['more after the token (MCP-005)', { Authorization: `Bearer ${ALICE} extra` }],
    ['a comma (MCP-005)', { Authorization: `Bearer,${ALICE}` }],
    ['the key in another header (MCP-004)', { 'X-Authorization': `Bearer ${ALICE}` }],
    ['the key in a cookie (MCP-004)', { Cookie: `access_token=${ALICE}` }],
  ];
  it.each(
    doors.flatMap(([method, path]) => credentials.map(([what, headers]) => [method, path, what, headers] as const)),
  )('%s %s answers 401 with a challenge to %s', async (method, path, _, headers) => {
    const response = await fetch(at(path), {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(method === 'POST' && { body: '{}' }),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="chatelaine"/);
    expect(await response.text()).not.toContain(ALICE);
  });

  const challenges: [header: string | undefined, challenge: RegExp][] = [
    [undefined, /^Bearer realm="chatelaine"$/],
    ['Basic YTpi', /^Bearer realm="chatelaine"$/],
    ['Bearer', /error="invalid_token"/],
    ['Bearer  two', /error="invalid_token"/],
    ['Bearer chk_nobody', /error="invalid_token"/],
  ];
  it.each(challenges)(
    'answers `Authorization: %s` with the challenge %s (RFC 6750 §3.1)',
    async (header, challenge) => {
      const response = await fetch(at('/mcp'), { ...(header !== undefined && { headers: { Authorization: header } }) });
      expect(response.headers.get('www-authenticate')).toMatch(challenge);
    },
  );

  it.each<[where: string, headers: Record<string, string>, body: string]>([
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, `access_token=${ALICE}`],
    ['the body', { 'Content-Type': 'application/json' }, JSON.stringify({ access_token: ALICE })],
    ['a cookie', { Cookie: `access_token=${ALICE}` }, '{}'],
    ['another header', { 'X-Authorization': `Bearer ${ALICE}` }, '{}'],
  ])('MCP-004: takes no token from %s (RFC 6750 §5.3)', async (_, headers, body) => {
    for (const path of ['/mcp', '/api/tool/echo/invoke'])
      expect((await fetch(at(path), { method: 'POST', headers, body })).status).toBe(401);
  });

  it.each([
    ['alone', {}],
    ['beside a valid header', authorized],
  ])('MCP-004: refuses a token in the query string %s (RFC 6750 §2.3, OAuth 2.1 §5.1)', async (_, headers) => {
    const response = await fetch(at(`/mcp?x=1&access%5Ftoken=${ALICE}`), { method: 'POST', headers });
    expect(response.status).toBe(400);
    expect(response.headers.get('www-authenticate')).toMatch(/error="invalid_request"/);
    expect(await response.json()).toMatchObject({ code: 'CREDENTIAL_IN_QUERY' });
  });

  it.each([
    [`Bearer ${ALICE}`, 'Bearer chk_nobody'],
    ['Bearer chk_nobody', `Bearer ${ALICE}`],
  ])('MCP-004: refuses two Authorization headers, in whatever order', async (first, second) => {
    const answer = await raw(
      running.port,
      `GET /api/toolset HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nAuthorization: ${first}\r\nAuthorization: ${second}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('answers 503, not 401, when no credential can be verified: the client must keep its key', async () => {
    const response = await fetch(at('/api/toolset'), { headers: { Authorization: `Bearer ${UNREADABLE}` } });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  });

  it.each([
    `bearer\t${ALICE}`,
    `Bearer  ${ALICE}`,
    `Bearer ${ALICE} extra`,
    `Bearer,${ALICE}`,
    `Bearer ${ALICE}\u00e9`,
  ])('MCP-005: repairs no header: %j is 401', async (header) => {
    const response = await fetch(at('/mcp'), { headers: { Authorization: header } });
    expect(response.status).toBe(401);
  });

  it('takes the scheme in any case (RFC 9110 §11.1)', async () => {
    expect((await fetch(at('/api/toolset'), { headers: { Authorization: `bearer ${ALICE}` } })).status).toBe(200);
  });

  it('MCP-005: answers 431 to headers beyond bounds', async () => {
    expect((await fetch(at('/mcp'), { headers: { Authorization: `Bearer ${'x'.repeat(100_000)}` } })).status).toBe(431);
  });

  it('answers a foreign namespace as one that is not there', async () => {
    const foreign = await fetch(at('/api/n/elsewhere/toolset'), { headers: authorized });
    const missing = await fetch(at('/api/n/nowhere/toolset'), { headers: authorized });
    const own = await fetch(at('/api/toolset'), { headers: { Authorization: `Bearer ${OUTSIDER}` } });
    expect([foreign.status, missing.status, own.status]).toEqual([404, 404, 404]);
  });

  it.each([
    '/debug',
    '/metrics',
    '/.env',
    '/.git/config',
    '/mcp/../healthz%2f',
    '/mcp/%66ew',
    '/mcp//few',
    '/api/v0',
    '/mcp/n',
    '/mcp/s/a/b',
  ])('CFG-006: answers 404 at %s', async (path) => {
    const answer = await raw(
      running.port,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nAuthorization: Bearer ${ALICE}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('answers health without a credential and without a version', async () => {
    expect(await (await fetch(at('/healthz'))).text()).toBe('{"status":"ok"}');
    expect(await (await fetch(at('/readyz'))).json()).toEqual({ status: 'ready', sources: {} });
    expect((await fetch(at('/healthz'), { method: 'POST' })).status).toBe(405);
  });
});
