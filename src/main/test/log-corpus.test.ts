/**
 * What callers, upstreams and handlers could write into the log of a real server, at its most talkative: keys, tokens,
 * cards, addresses, in several spellings, with everything that forges lines or moves a cursor around them. None of it
 * gets out, and no line is anybody's but the server's.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CITIES, makeKey, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

// In parts, so that no scanner takes a test for a key.
const joined = (...parts: readonly string[]): string => parts.join('');
const KEY = joined('chk_', '0'.repeat(26), '_', 'A'.repeat(43));
const JWT = ['eyJhbGciOiJFUzI1NiJ9', 'eyJzdWIiOiJhbGljZSJ9', 'c2lnbmF0dXJl'].join('.');
const PEM = joined('-----BEGIN ', 'EC PRIVATE KEY-----\nMHcCAQEEIBcorpus\n-----END ', 'EC PRIVATE KEY-----');

/** What somebody writes, and what of it must stand in no log. */
const CORPUS: Readonly<Record<string, readonly [said: string, hidden: string]>> = {
  'a key of ours': [KEY, 'AAAAAAAAAA'],
  'a token': [JWT, 'eyJzdWIiOiJhbGljZSJ9'],
  'a key of a provider': [joined('ghp', '_', 'k'.repeat(36)), 'k'.repeat(20)],
  'a key of a cloud': [joined('AK', 'IA', 'Q7'.repeat(8)), 'Q7Q7Q7Q7'],
  'an opaque bearer': ['authorization: Bearer opaque.corpus-0123456789', 'opaque.corpus'],
  'a password of Basic': [`Basic ${Buffer.from('ann:hunter-corpus').toString('base64')}`, 'YW5uOmh1bnRlci1jb3JwdXM'],
  'a form': ['grant_type=x&client_secret=form-corpus&scope=y', 'form-corpus'],
  'a query': ['/callback?access_token=query-corpus&state=1', 'query-corpus'],
  'JSON in a message': ['{"password": "json\\"corpus"}', 'corpus'],
  'an address of a database': ['postgres://app:dsn-corpus@db.internal:5432/app', 'dsn-corpus'],
  'a private key': [PEM, 'MHcCAQEEIBcorpus'],
  'a card': ['4111111111111111', '4111111111111111'],
  'a card in groups': ['paid with 5555 5555 5555 4444.', '5555 5555 5555 4444'],
  'an account': ['CH93 0076 2011 6238 5295 7', '0076 2011 6238'],
  'an address of a person': ['Corpus.Person+x@mail.example.com', 'Corpus.Person'],
  'an address, percent-encoded': ['corpus.person%40mail.example.com', 'corpus.person'],
  'a card in base64': [Buffer.from('card 4111111111111111!').toString('base64'), 'Y2FyZCA0MTEx'],
};
/** Around each: line ends of all kinds, a line as ours look, escape sequences of 7 and 8 bits, a text turned around. */
const forging = (said: string): string =>
  `x\r\n{"level":"error","msg":"forged"}\n12:00:00 ERROR forged\u2028\u001b[2J\u009b2J\u001b]0;forged\u0007\u202e${said}\u202c y`;

const MODULE = `
export const boom = {
  kind: 'tool',
  description: 'Fails, and says with what.',
  inputSchema: { type: 'object', properties: { said: { type: 'string' } }, required: ['said'] },
  handler({ said }, { logger }) {
    logger.warn({ said, deep: { list: [said], [said]: 1 } }, said);
    throw new Error(said, { cause: Object.assign(new Error(said), { said, detail: { said } }) });
  },
};
`;

/** An API that fails with what it was asked. */
const upstream = createServer((request, response) => {
  let body = '';
  request.on('data', (piece: Buffer) => (body += piece.toString()));
  request.on('end', () => {
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end((JSON.parse(body) as { said: string }).said);
  });
});

const documents = (format: string, port: number): string => `${CITIES}
---
kind: source
name: code
type: module
path: ./boom.mjs
---
kind: tool
name: boom
type: module
source: code
---
kind: source
name: api
type: http
baseUrl: http://127.0.0.1:${port}
allowedIpRanges: [127.0.0.0/8]
---
kind: tool
name: relay
type: http
source: api
method: POST
path: /
description: Passes it on.
bodyParams: [{ name: said, type: string, description: What to say. }]
requestBody: '{"said": {{json .said}}}'
---
kind: server
metrics: false
log: { format: ${format} }
`;

beforeAll(() => new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve)));
afterAll(() => void upstream.close());

describe.each(['json', 'text'])('the log as %s', (format) => {
  let place: Workspace;
  let server: RunningServer;
  let key: string;

  beforeAll(async () => {
    place = workspace();
    place.write('boom.mjs', MODULE);
    const { port } = upstream.address() as AddressInfo;
    const config = place.write('tools.yaml', documents(format, port));
    server = await start(['--data-dir', place.dataDir, '--config', config, '--log-level', 'trace']);
    ({ key } = await makeKey(place.dataDir));
    for (const [said] of Object.values(CORPUS)) await say(said);
    await server.stop();
  }, 180_000);
  afterAll(() => place.remove());

  /** Through everything that a caller fills in and that may come to a log. */
  async function say(said: string): Promise<void> {
    const forged = forging(said);
    // With sessions, since the stateless revision has names in headers, which hold no line ends.
    const session = await opened(forged);
    const mcp = (method: string, params: object, more: Record<string, string> = {}) =>
      send('/mcp', { jsonrpc: '2.0', id: forged, method, params }, { ...session, ...more });
    await mcp('tools/call', { name: forged, arguments: {} });
    await mcp('tools/call', { name: 'boom', arguments: { said: forged } });
    await mcp('tools/call', { name: 'relay', arguments: { said: forged } });
    await mcp('tools/call', { name: 'city', arguments: { id: forged, [forged]: 1 } });
    await mcp(forged, {});
    await mcp('resources/read', { uri: forged });
    await mcp('prompts/get', { name: forged, arguments: { [forged]: forged } });
    const [word] = said.split('\n') as [string];
    await mcp('tools/list', {}, { authorization: `Bearer ${word}`, 'user-agent': word, 'x-request-id': word });
    await send(`/api/tool/city/invoke?said=${encodeURIComponent(forged)}`, { id: 1, note: forged }, { cookie: word });
    await send(`/api/v1/tools?${encodeURIComponent(forged)}=1`, undefined);
  }

  /** A session of a client that calls itself that; its headers. */
  async function opened(name: string): Promise<Record<string, string>> {
    const params = { protocolVersion: REVISION, capabilities: {}, clientInfo: { name, version: name } };
    const answer = await send('/mcp', { jsonrpc: '2.0', id: 1, method: 'initialize', params });
    const session = { 'mcp-session-id': answer.get('mcp-session-id') as string };
    await send('/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
    return session;
  }

  /** The headers of the answer. */
  async function send(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Headers> {
    const answer = await fetch(`${server.url}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...MCP, ...headers },
    });
    await answer.arrayBuffer();
    return answer.headers;
  }

  test('says what happened, and each of it in lines of its own', () => {
    const lines = server.stderr().trimEnd().split('\n');
    const having = (words: string): number => lines.filter((line) => line.includes(words)).length;
    const each = Object.keys(CORPUS).length;
    for (const words of ['a handler threw', 'an API answered with a failure'])
      expect([words, having(words)]).toEqual([words, each]);
    // What is no credential by its form is refused without a line.
    expect(having('credential refused')).toBeGreaterThan(0);
    expect(having('tool call refused or failed')).toBeGreaterThanOrEqual(3 * each);
    if (format === 'json')
      for (const line of lines) expect((JSON.parse(line) as { msg: string }).msg).not.toBe('forged');
    // What follows a line break of somebody else is indented.
    else expect(lines.filter((line) => /^\S/.test(line) && !/^\d\d:\d\d:\d\d [A-Z]{4,5} /.test(line))).toEqual([]);
    expect(lines.filter((line) => /^(?:12:00:00 ERROR forged|\{"level":"error","msg":"forged)/.test(line))).toEqual([]);
  });

  test('moves no cursor, ends no line elsewhere and turns nothing around', () => {
    expect(server.stderr()).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
  });

  test.each(Object.entries(CORPUS))('does not hold %s', (_what, [, hidden]) => {
    const log = server.stderr();
    for (const spelled of [hidden, encodeURIComponent(hidden), JSON.stringify(hidden).slice(1, -1)])
      expect(log.includes(spelled), `${spelled} in: ${log.split('\n').find((line) => line.includes(spelled))}`).toBe(
        false,
      );
  });

  test('does not hold the key that everything was asked with', () => {
    expect(server.stderr()).not.toContain(key.slice(-20));
  });
});

const REVISION = '2025-11-25';
const MCP = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': REVISION };
