import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { serve } from '../../../../../test/http-server.ts';
import { testAuthority } from '../../../../../test/certificates.ts';
import type { RunContext, ToolOutput } from '../../../tools/tool-type.ts';
import { parseExactJson } from '../exact-json.ts';
import { buildTool, openSource, runContext } from './http-tool.fixture.ts';

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string | Buffer;
}

/** The output of a GET tool whose API answers so. */
async function outputFor(
  answer: Answer,
  context: Partial<RunContext> = {},
  fields: JsonObject = {},
): Promise<ToolOutput> {
  const headers = answer.type === undefined ? {} : { 'content-type': answer.type };
  await using api = await serve((_, response) => response.writeHead(answer.status ?? 200, headers).end(answer.body));
  const source = openSource({ baseUrl: api.url, ...fields });
  try {
    return await buildTool(source, { method: 'GET', path: '/thing' }).run({}, runContext(context));
  } finally {
    await source.close();
  }
}

describe('an answer becomes', () => {
  it.each<[string, Answer, unknown]>([
    ['a JSON value', { type: 'application/json', body: '{"a": [1, 2.50]}' }, { a: [1, 2.5] }],
    ['a JSON value of a structured suffix', { type: 'application/hal+json; charset=utf-8', body: '[]' }, []],
    ['a JSON value, whatever its label', { type: 'text/plain', body: ' {"a": 1}' }, { a: 1 }],
    ['a JSON value without a label', { body: '{"a": 1}' }, { a: 1 }],
    ['text', { type: 'text/html', body: '<p>hé</p>' }, '<p>hé</p>'],
    ['text in its charset', { type: 'text/plain; charset=iso-8859-1', body: Buffer.from('hé', 'latin1') }, 'hé'],
    ['text without a label', { body: 'plain' }, 'plain'],
    ['text that only looks like JSON', { type: 'application/json', body: '{"a": }' }, '{"a": }'],
    [
      'its own text when a number would change',
      { type: 'application/json', body: '{"id": 12345678901234567890}' },
      '{"id": 12345678901234567890}',
    ],
    ['empty text', { status: 204 }, ''],
  ])('%s', async (_, answer, value) => {
    expect(await outputFor(answer)).toEqual({ kind: 'value', value });
  });

  it.each<[string, Answer, unknown]>([
    [
      'an image',
      { type: 'image/png', body: Buffer.from([1, 2]) },
      { type: 'image', data: 'AQI=', mimeType: 'image/png' },
    ],
    ['sound', { type: 'audio/wav', body: Buffer.from([1, 2]) }, { type: 'audio', data: 'AQI=', mimeType: 'audio/wav' }],
    [
      'a resource',
      { type: 'application/pdf', body: Buffer.from([1, 2]) },
      {
        type: 'resource',
        resource: {
          uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/thing$/),
          mimeType: 'application/pdf',
          blob: 'AQI=',
        },
      },
    ],
    [
      'a resource, when it is no UTF-8 and has no label',
      { body: Buffer.from([0xff, 0xfe]) },
      { type: 'resource', resource: { uri: expect.any(String), mimeType: 'application/octet-stream', blob: '//4=' } },
    ],
  ])('%s', async (_, answer, block) => {
    expect(await outputFor(answer, {}, { queryParams: { key: 'secret' } })).toEqual({
      kind: 'content',
      content: [block],
    });
  });
});

describe('an answer longer than `maxBytes`', () => {
  it('is cut at a whole character when it is text, and says so', async () => {
    const output = await outputFor({ type: 'text/plain', body: 'ééé' }, { maxBytes: 3 });
    expect(output).toEqual({
      kind: 'content',
      content: [
        { type: 'text', text: 'é' },
        { type: 'text', text: 'The answer was cut after 3 B (maxBytes); there is more.' },
      ],
      _meta: { 'dev.chatelaine/truncated': { by: 'maxBytes', limit: 3 } },
    });
  });

  it.each<[string, Answer]>([
    ['JSON', { type: 'application/json', body: '{"a": "long"}' }],
    ['JSON without a label', { body: '{"a": "long"}' }],
    ['bytes', { type: 'image/png', body: Buffer.alloc(20) }],
  ])('is an error when it is %s, since half of it would be wrong', async (_, answer) => {
    await expect(outputFor(answer, { maxBytes: 10 })).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('`maxBytes`'),
    });
  });
});

describe('a status outside of 2xx', () => {
  const failing: Answer = { status: 404, type: 'application/json', body: '{"error": "no such thing"}' };

  it('is an error that names it, without the body', async () => {
    await expect(outputFor(failing)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: '`GET /thing` was answered with status 404',
      details: { status: 404 },
    });
  });

  it('shows the body, capped, when the source says so', async () => {
    await expect(outputFor(failing, {}, { returnFullError: true })).rejects.toThrow(
      'status 404: {"error": "no such thing"}',
    );
    const long = { status: 500, body: 'x'.repeat(10_000) };
    const failure = await outputFor(long, {}, { returnFullError: true }).catch((error: unknown) => error as Error);
    expect((failure as Error).message.length).toBeLessThan(4200);
  });
});

describe('the source', () => {
  it('gives up after its own timeout when the tool has more', async () => {
    await using slow = await serve(() => {});
    const source = openSource({ baseUrl: slow.url, timeout: '40ms' });
    await expect(buildTool(source, { method: 'GET', path: '/' }).run({}, runContext())).rejects.toMatchObject({
      code: 'TOOL_TIMEOUT',
    });
    await source.close();
  });

  it('connects without a request to see whether the API is there', async () => {
    await using api = await serve((_, response) => response.end());
    const source = openSource({ baseUrl: api.url });
    await source.check(new AbortController().signal);
    expect([api.connections(), api.received.length]).toEqual([1, 0]);
    await api[Symbol.asyncDispose]();
    await expect(source.check(new AbortController().signal)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    await source.close();
  });

  it('talks to a server with a certificate of its own by `tls.ca`, and to any with `disableSslVerification`', async () => {
    const authority = testAuthority('api authority');
    await using api = await serve((_, response) => response.end('hello'), { tls: authority.issue(['127.0.0.1']) });
    const run = async (fields: JsonObject): Promise<ToolOutput> => {
      const source = openSource({ baseUrl: api.url, ...fields });
      try {
        return await buildTool(source, { method: 'GET', path: '/' }).run({}, runContext());
      } finally {
        await source.close();
      }
    };
    await expect(run({})).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    await expect(run({ tls: { ca: 'missing.pem' } })).rejects.toThrow(
      'the file `missing.pem` of `tls.ca` cannot be read (ENOENT)',
    );
    expect(await run({ tls: { ca: authority.cert } })).toEqual({ kind: 'value', value: 'hello' });
    expect(await run({ disableSslVerification: true })).toEqual({ kind: 'value', value: 'hello' });
  });
});

describe('exact JSON', () => {
  it.each([
    ['9007199254740991', true],
    ['9007199254740993', false],
    ['1234567890123456789', false],
    ['0.1', true],
    ['1.10', true],
    ['1e2', true],
    ['1E+2', true],
    ['100000000000000000000', true],
    ['0.30000000000000004', true],
    ['0.1000000000000000055511151231257827', false],
    ['1e400', false],
    ['-0.0', true],
    ['1e-400', false],
    ['"12345678901234567890"', true],
    ['{"a": {"b": [1, 12345678901234567890]}}', false],
    ['['.repeat(400) + ']'.repeat(400), true],
    ['['.repeat(200_000) + ']'.repeat(200_000), false],
  ])('%.60s is exact: %s', (json, exact) => {
    expect(parseExactJson(json) !== undefined).toBe(exact);
  });

  it('keeps every value that JavaScript can write', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value);
        expect(parseExactJson(json)).toEqual(JSON.parse(json));
      }),
    );
  });
});
