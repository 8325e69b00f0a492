import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '#kernel';
import { serve, type Received, type TestServer } from '../../../../../test/http-server.ts';
import type { HttpSource } from '../http-source.ts';
import { buildTool, openSource, parameter, runContext } from './http-tool.fixture.ts';

let echo: TestServer;
let source: HttpSource;

beforeAll(async () => {
  echo = await serve((_, response) => response.end('ok'));
  source = openSource({
    baseUrl: `${echo.url}/api`,
    headers: { Authorization: 'Bearer source', 'X-Source': 's' },
    queryParams: { key: 'source-key' },
  });
});

afterAll(async () => {
  await source.close();
  await echo[Symbol.asyncDispose]();
});

/** What reached the server when the tool ran. */
async function sent(fields: JsonObject, args: Readonly<Record<string, JsonValue>>): Promise<Received> {
  await buildTool(source, fields).run(args, runContext());
  return echo.received.at(-1) as Received;
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '../admin',
    '..',
    '.',
    '..%2fadmin',
    '%2e%2e/',
    'a?x=1',
    'a#b',
    'a;b',
    '\\..\\',
    '//evil.test',
    'v&admin=true',
    '{{.b}}',
    '"}',
    '\u2028',
    '__proto__',
  ),
);
// As it comes from a wire: JSON has no -0.
const jsonValue = fc.json().map((json) => JSON.parse(JSON.stringify(JSON.parse(json))) as JsonValue);
const outcome = async (fields: JsonObject, args: Record<string, JsonValue>): Promise<Received | 'refused'> =>
  sent(fields, args).catch((error: { code?: string }) => {
    if (error.code === 'REQUEST_VALUE_REFUSED') return 'refused';
    throw error;
  });

describe('REG-003: every value stays in its place, whatever it holds', () => {
  it('in a path: the other segments, their number and the query stay', async () => {
    const fields = {
      method: 'GET',
      path: '/users/{{.id}}/v-{{.version}}?fixed=1',
      pathParams: [parameter('id'), parameter('version')],
    };
    await fc.assert(
      fc.asyncProperty(text, text, async (id, version) => {
        const got = await outcome(fields, { id, version });
        const impossible = id === '' || version === '' || /^\.{1,2}$/.test(id);
        expect(got === 'refused').toBe(impossible);
        if (got === 'refused') return;
        const [path = '', query] = got.url.split('?');
        expect(path.split('/').map(decodeURIComponent)).toEqual(['', 'api', 'users', id, `v-${version}`]);
        expect(query).toBe('fixed=1&key=source-key');
      }),
      { numRuns: 150 },
    );
  });

  it('in a query: under its own name and once', async () => {
    const fields = {
      method: 'GET',
      path: '/search',
      queryParams: [parameter('q'), parameter('tags', { type: 'array', items: parameter('tag') })],
    };
    await fc.assert(
      fc.asyncProperty(text, fc.array(text, { maxLength: 3 }), async (q, tags) => {
        const got = (await outcome(fields, { q, tags })) as Received;
        const query = new URL(got.url, echo.url).searchParams;
        expect([...query]).toEqual([['key', 'source-key'], ['q', q], ...tags.map((tag) => ['tags', tag])]);
      }),
      { numRuns: 150 },
    );
  });

  it('in a header: on its own line, or refused', async () => {
    const fields = { method: 'GET', path: '/', headerParams: [parameter('X-Note')] };
    const latin = fc.string({ unit: fc.integer({ min: 0, max: 0x17f }).map((code) => String.fromCodePoint(code)) });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(text, latin, fc.constantFrom('a\r\nX-Admin: 1', 'a\nb', 'a\0b', '\xa0')),
        async (note) => {
          const got = await outcome(fields, { 'X-Note': note });
          expect(got === 'refused').toBe(!/^[\t\x20-\x7e\xa0-\xff]*$/.test(note));
          if (got === 'refused') return;
          // Around a value stand spaces and tabs that are not of it (RFC 9110 §5.5); a space that does not break is of it.
          const value = note.replace(/^[\t ]+|[\t ]+$/g, '');
          expect(Buffer.from(got.headers['x-note'] as string, 'latin1')).toEqual(Buffer.from(value, 'latin1'));
          expect(got.headers).toMatchObject({ 'x-source': 's', authorization: 'Bearer source' });
          expect(got.headers['x-admin']).toBeUndefined();
        },
      ),
      { numRuns: 150 },
    );
  });

  it('in a JSON body: the parsed body is the template with the values in it', async () => {
    const fields = {
      method: 'POST',
      path: '/items',
      requestBody:
        '{"name": "{{.a}} and \\"{{.b}}\\"", "value": {{.v}}, "again": {{json .v}}, "text": "{{json .v}}", "fixed": {"role": "user"}}',
      bodyParams: [parameter('a'), parameter('b'), parameter('v', { type: 'map' })],
    };
    await fc.assert(
      fc.asyncProperty(text, text, jsonValue, async (a, b, value) => {
        const got = (await outcome(fields, { a, b, v: value })) as Received;
        expect(JSON.parse(got.body)).toEqual({
          name: `${a} and "${b}"`,
          value,
          again: value,
          text: JSON.stringify(value),
          fixed: { role: 'user' },
        });
        expect(got.headers['content-type']).toBe('application/json');
      }),
      { numRuns: 150 },
    );
  });

  it('in a form and in XML', async () => {
    const form = {
      method: 'POST',
      path: '/',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      requestBody: 'role=user&note={{.note}}',
      bodyParams: [parameter('note')],
    };
    const xml = { ...form, headers: { 'content-type': 'text/xml' }, requestBody: '<a b="{{.note}}">{{.note}}</a>' };
    const unescape = (escaped: string): string =>
      escaped.replace(
        /&(lt|gt|quot|apos|amp);/g,
        (_, name: string) => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' })[name] as string,
      );
    await fc.assert(
      fc.asyncProperty(text, async (note) => {
        const inForm = (await outcome(form, { note })) as Received;
        expect([...new URLSearchParams(inForm.body)]).toEqual([
          ['role', 'user'],
          ['note', note],
        ]);
        const inXml = await outcome(xml, { note });
        if (inXml === 'refused') return;
        const parts = /^<a b="([^"<>]*)">([^"<>]*)<\/a>$/.exec(inXml.body);
        expect(parts?.slice(1).map(unescape)).toEqual([note, note]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a request', () => {
  it('merges headers: the tool over the source, the caller where it may', async () => {
    const got = await sent(
      {
        method: 'get',
        path: 'x',
        headers: { authorization: 'Bearer tool' },
        headerParams: [parameter('X-Source'), parameter('X-Opt', { required: false })],
      },
      { 'X-Source': 'caller' },
    );
    expect(got).toMatchObject({ method: 'GET', url: '/api/x?key=source-key' });
    expect(got.headers).toMatchObject({
      authorization: 'Bearer tool',
      'x-source': 'caller',
      'user-agent': 'chatelaine',
    });
    expect(got.headers['x-opt']).toBeUndefined();
  });

  it('leaves out what the caller left out, and lets a declared parameter replace the one of the source', async () => {
    const fields = {
      method: 'GET',
      path: '/x?a=1',
      queryParams: [parameter('key', { required: false }), parameter('n', { type: 'integer', required: false })],
    };
    expect((await sent(fields, {})).url).toBe('/api/x?a=1&key=source-key');
    expect((await sent(fields, { key: 'mine', n: 0 })).url).toBe('/api/x?a=1&key=mine&n=0');
  });

  it('makes a JSON object of body parameters when there is no template, without what is missing', async () => {
    const fields = {
      method: 'POST',
      path: '/',
      bodyParams: [parameter('a'), parameter('b', { required: false }), parameter('n', { type: 'integer' })],
    };
    const got = await sent(fields, { a: 'x', n: 3 });
    expect(JSON.parse(got.body)).toEqual({ a: 'x', n: 3 });
    expect(got.headers['content-type']).toBe('application/json');
  });

  it('makes a form of body parameters, a list as several fields', async () => {
    const fields = {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      bodyParams: [parameter('a'), parameter('tags', { type: 'array', items: parameter('tag') })],
    };
    expect((await sent(fields, { a: 'x&y', tags: ['1', '2'] })).body).toBe('a=x%26y&tags=1&tags=2');
  });

  it('puts null where a JSON template wants a value that was left out, and nothing inside of text', async () => {
    const fields = {
      method: 'POST',
      path: '/',
      requestBody: '{"a": {{.a}}, "b": "{{.a}}"}',
      bodyParams: [parameter('a', { required: false })],
    };
    expect(JSON.parse((await sent(fields, {})).body)).toEqual({ a: null, b: '' });
  });

  it('refuses a key of the body that is there already', async () => {
    const fields = {
      method: 'POST',
      path: '/',
      requestBody: '{"role": "user", "{{.k}}": 1}',
      bodyParams: [parameter('k')],
    };
    expect(await outcome(fields, { k: 'role' })).toBe('refused');
    expect(JSON.parse(((await outcome(fields, { k: 'other' })) as Received).body)).toEqual({ role: 'user', other: 1 });
  });
});

describe('a tool that cannot be right is refused when the configuration loads', () => {
  it.each<[string, JsonObject, (string | number)[], RegExp]>([
    [
      'an unknown name in the path',
      { path: '/{{.idd}}', pathParams: [parameter('id')] },
      ['path'],
      /names none of the `pathParams`; did you mean `id`/,
    ],
    [
      'a parameter of another place',
      { path: '/{{.id}}', queryParams: [parameter('id')] },
      ['path'],
      /names none of the `pathParams`/,
    ],
    ['a condition', { path: '/{{if .a}}x{{end}}', pathParams: [parameter('a')] }, ['path'], /not a placeholder/],
    ['a whole URL', { path: 'https://evil.test/' }, ['path'], /is a URL/],
    ['a URL without a scheme', { path: '//evil.test/' }, ['path'], /is a URL/],
    ['a path that climbs', { path: '/a/../../b' }, ['path'], /not a plain path/],
    ['an encoded path that climbs', { path: '/a/%2e%2e/b' }, ['path'], /not a plain path/],
    ['a backslash', { path: '/a\\b' }, ['path'], /not a plain path/],
    ['a fragment', { path: '/a#b' }, ['path'], /not a plain path/],
    [
      'a body that is no JSON',
      { path: '/', requestBody: '{"a": {{.a}}', bodyParams: [parameter('a')] },
      ['requestBody'],
      /not JSON/,
    ],
    [
      'a body of a type without escaping',
      {
        path: '/',
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        requestBody: '--x{{.a}}',
        bodyParams: [parameter('a')],
      },
      ['requestBody'],
      /how to escape/,
    ],
    [
      'two parameters of one name',
      { path: '/{{.a}}', pathParams: [parameter('a')], queryParams: [parameter('a')] },
      ['queryParams', 0, 'name'],
      /another parameter/,
    ],
    [
      'a host chosen by callers',
      { path: '/', headerParams: [parameter('Host')] },
      ['headerParams', 0, 'name'],
      /cannot be left to callers/,
    ],
    [
      'framing chosen by callers',
      { path: '/', headerParams: [parameter('Transfer-Encoding')] },
      ['headerParams', 0, 'name'],
      /belongs to the connection/,
    ],
    [
      'a header name with a line break',
      { path: '/', headerParams: [parameter('X\r\nY')] },
      ['headerParams', 0, 'name'],
      /not a header name/,
    ],
  ])('%s', (_, fields, path, message) => {
    const failure = catchFault(() => buildTool(source, { method: 'POST', ...fields }));
    expect(failure).toMatchObject({ path });
    expect(failure.message).toMatch(message);
  });

  it('a read-only tool that writes', () => {
    const failure = catchFault(() => buildTool(source, { method: 'DELETE', path: '/' }, { readOnly: true }));
    expect(failure).toMatchObject({ path: ['readOnly'] });
    expect(() => buildTool(source, { method: 'GET', path: '/' }, { readOnly: true })).not.toThrow();
  });

  it.each<[string, JsonObject, RegExp]>([
    ['a base URL with a password', { baseUrl: 'https://user:pass@api.test' }, /password in it/],
    ['a base URL with a query', { baseUrl: 'https://api.test/?key=1' }, /queryParams/],
    ['a base URL of a refused address', { baseUrl: 'http://169.254.169.254/latest' }, /metadata service/],
    ['a base URL of another scheme', { baseUrl: 'file:///etc/passwd' }, /absolute http or https URL/],
    ['a header value with a line break', { baseUrl: 'https://api.test', headers: { 'X-A': 'a\r\nb' } }, /line break/],
    [
      'a range that is none',
      { baseUrl: 'https://api.test', allowedIpRanges: ['10.0.0.0/99'] },
      /not an address or a range/,
    ],
    ['an unknown field', { baseUrl: 'https://api.test', timeOut: '3s' }, /timeOut/],
  ])('%s', (_, fields, message) => {
    expect(() => openSource(fields)).toThrow(message);
  });

  it('annotates by method', () => {
    const hints = (method: string) => buildTool(source, { method, path: '/' }).annotations;
    expect(hints('GET')).toMatchObject({ readOnlyHint: true, destructiveHint: false });
    expect(hints('POST')).toMatchObject({ readOnlyHint: false, destructiveHint: true, idempotentHint: false });
    expect(hints('PUT')).toMatchObject({ readOnlyHint: false, idempotentHint: true });
  });

  it('warns of parameters that nobody will see, and of certificates that nobody checks', () => {
    const careless = openSource({ baseUrl: 'https://api.test', disableSslVerification: true });
    const { warnings } = buildTool(careless, { method: 'GET', path: '/', pathParams: [parameter('id')] });
    expect(warnings).toEqual([
      expect.stringContaining('accepts any certificate'),
      '`path` does not use the parameter `id`',
    ]);
  });
});

function catchFault(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was refused');
}
