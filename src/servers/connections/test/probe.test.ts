import { afterEach, describe, expect, it } from 'vitest';
import { judgeProbe, type ProbeAnswer } from '../probe.ts';
import { encodeHeaderValue, statelessHeaders } from '../http/request-headers.ts';
import { closeAll, httpTarget, listen, open, serveSession, serveStateless } from './reference-servers.fixture.ts';

afterEach(closeAll);

const error = (code: number, data?: unknown): ProbeAnswer => ({ kind: 'error', code, data });

describe('the era of a server, by its answer to `server/discover` (MCP 2026-07-28, Backward Compatibility)', () => {
  it.each<[string, ProbeAnswer, string]>([
    ['lists our stateless revision', { kind: 'result', result: { supportedVersions: ['2026-07-28'] } }, 'stateless'],
    ['lists session revisions alone', { kind: 'result', result: { supportedVersions: ['2025-11-25'] } }, 'session'],
    ['lists revisions from the future', { kind: 'result', result: { supportedVersions: ['2031-01-01'] } }, 'foreign'],
    ['answers anything to anything', { kind: 'result', result: {} }, 'session'],
    ['refuses the revision, and has a session one', error(-32022, { supported: ['2025-06-18'] }), 'session'],
    ['refuses the revision, and names it as its own', error(-32022, { supported: ['2026-07-28'] }), 'again'],
    ['refuses the revision, and has none of ours', error(-32022, { supported: ['2031-01-01'] }), 'foreign'],
    ['refuses the revision, and names none', error(-32022), 'foreign'],
    ['misses a header, as only stateless servers do', error(-32020), 'unknown'],
    ['misses a capability, as only stateless servers do', error(-32021), 'unknown'],
    ['does not know the method', error(-32601), 'session'],
    ['finds the params wrong', error(-32602), 'session'],
    ['wants a session first', error(-32000), 'session'],
    ['400 without an error of the protocol', { kind: 'status', status: 400 }, 'session'],
    ['404', { kind: 'status', status: 404 }, 'session'],
    ['405', { kind: 'status', status: 405 }, 'session'],
    ['401 says nothing of it', { kind: 'status', status: 401 }, 'unknown'],
    ['403 says nothing of it', { kind: 'status', status: 403 }, 'unknown'],
    ['429 says nothing of it', { kind: 'status', status: 429 }, 'unknown'],
    ['500 says nothing of it', { kind: 'status', status: 500 }, 'unknown'],
    ['503 says nothing of it', { kind: 'status', status: 503 }, 'unknown'],
    ['is silent', { kind: 'silence' }, 'session'],
  ])('%s', (_, answer, era) => expect(judgeProbe(answer).era).toBe(era));

  it('is not guessed from a server that fails: nothing is initialized', async () => {
    const server = await listen((_, response) => response.writeHead(503, { 'retry-after': '7' }).end());
    await expect(open(httpTarget(server.url))).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      details: { status: 503, retryAfterSeconds: 7 },
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['session', 'stateless'] as const)('is not asked where the configuration says `%s`', async (protocol) => {
    const server = await (protocol === 'session' ? serveSession() : serveStateless());
    const connection = await open({ ...server.target, protocol });
    expect(connection.era).toBe(protocol);
    expect(server.requests[0]?.headers['mcp-method']).toBe(protocol === 'session' ? undefined : 'server/discover');
  });

  it('is not asked of a server that is known: a stateless connection costs no request', async () => {
    const server = await serveStateless();
    const known = await open(server.target);
    const before = server.requests.length;
    const second = await open(server.target, { known });
    expect(server.requests).toHaveLength(before);
    expect(second.capabilities).toEqual(known.capabilities);
  });

  it('fails where `stateless` is configured and the server knows nothing of it', async () => {
    const server = await serveSession();
    await expect(open({ ...server.target, protocol: 'stateless' })).rejects.toMatchObject({ code: expect.anything() });
    expect(server.requests).toHaveLength(1);
  });
});

describe('a text as a header value (MCP 2026-07-28, Value Encoding)', () => {
  it.each([
    ['us-west1', 'us-west1'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['a\tb', 'a\tb'],
    ['x\r\nevil: 1', '=?base64?eA0KZXZpbDogMQ==?='],
    ['', ''],
  ])('%j', (text, encoded) => expect(encodeHeaderValue(text)).toBe(encoded));

  it.each([
    ['tools/call', { name: 'größe' }, '=?base64?Z3LDtsOfZQ==?='],
    ['resources/read', { uri: 'file:///a' }, 'file:///a'],
    ['prompts/get', { name: 'p' }, 'p'],
    ['tools/list', { name: 'not named' }, undefined],
  ])('`Mcp-Name` of %s', (method, params, expected) => {
    expect(statelessHeaders(method, params)).toMatchObject({
      'mcp-method': method,
      'mcp-protocol-version': '2026-07-28',
    });
    expect(statelessHeaders(method, params)['mcp-name']).toBe(expected);
  });
});
