import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { NOBODY } from '#contract';
import { silentLogger, systemClock, type JsonObject } from '#kernel';
import { loadConfiguration } from '../../config/index.ts';
import { serve } from '../../../../test/http-server.ts';
import { sourceTypes } from '../../sources/catalog.ts';
import { nobody } from '../../sources/http/test/http-tool.fixture.ts';
import { openToolbox } from '../../toolbox.ts';
import { importOpenApi, type ImportedApi, type ImportOptions } from '../import-openapi.ts';
import { LIBRARY_API } from './library-api.fixture.ts';

function imported(text: string, options?: ImportOptions): ImportedApi {
  const result = importOpenApi(text, options);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const documentsOf = ({ yaml }: ImportedApi): JsonObject[] =>
  parseAllDocuments(yaml).map((one) => one.toJS() as JsonObject);
const toolOf = (api: ImportedApi, name: string): JsonObject => {
  const found = documentsOf(api).find((document) => document['kind'] === 'tool' && document['name'] === name);
  if (found === undefined) throw new Error(`no tool ${name}`);
  return found;
};

const ENV = { STADTISCHE_BUCHEREI_API_KEY: 'k', STADTISCHE_BUCHEREI_TOKEN: 't' };
const load = (api: ImportedApi, env: Record<string, string> = ENV) =>
  loadConfiguration([{ file: 'api.yaml', directory: '/', bytes: Buffer.from(api.yaml) }], {
    env,
    catalog: sourceTypes,
  });

describe('an OpenAPI document becomes configuration', () => {
  const library = imported(LIBRARY_API);

  it('that loads, tool by tool', async () => {
    const loaded = load(library);
    expect(loaded).toMatchObject({ ok: true });
    if (!loaded.ok) return;
    const options = {
      catalog: sourceTypes,
      clock: systemClock,
      log: silentLogger,
      openEmbedder: () => ({ embed: () => Promise.reject(new Error('none')) }),
    };
    const toolbox = await openToolbox(loaded.value.configuration, options);
    if (!toolbox.ok) throw new Error(toolbox.error.map((problem) => problem.message).join('\n'));
    expect([...(toolbox.value.current().namespaces.get('default')?.tools.keys() ?? [])].sort()).toEqual(
      [...library.tools].sort(),
    );
    expect(toolbox.value.warnings).toEqual([]);
    await toolbox.value.close();
  });

  it('with one source, whose keys are references to the environment', () => {
    expect(documentsOf(library)[0]).toEqual({
      kind: 'source',
      name: 'Stadtische_Bucherei',
      type: 'http',
      baseUrl: 'https://eu.library.test/api',
      headers: {
        'X-Library-Key': '${STADTISCHE_BUCHEREI_API_KEY}',
        Authorization: 'Bearer ${STADTISCHE_BUCHEREI_TOKEN}',
      },
    });
    expect(library.environment).toEqual(['STADTISCHE_BUCHEREI_API_KEY', 'STADTISCHE_BUCHEREI_TOKEN']);
  });

  it('with a name for every operation, in the grammar of names and each once', () => {
    expect(library.tools).toEqual([
      'getBook',
      'getBook_2',
      'delete_books_book-id',
      'books_add',
      'search',
      'lend',
      'note',
    ]);
  });

  it('with every parameter in its place', () => {
    expect(toolOf(library, 'getBook')).toEqual({
      kind: 'tool',
      name: 'getBook',
      type: 'http',
      source: 'Stadtische_Bucherei',
      description: 'One book.',
      method: 'GET',
      path: '/books/{{.book_id}}',
      pathParams: [{ name: 'book_id', type: 'integer', description: 'book-id', minValue: 1 }],
      queryParams: [
        {
          name: 'fields',
          type: 'array',
          description: 'Members to give.',
          required: false,
          items: { name: 'item', type: 'string', description: 'item', enum: ['title', 'author'] },
        },
        {
          name: 'lang',
          type: 'string',
          description: 'lang',
          required: false,
          default: 'de',
          pattern: '^[\\s\\S]*(?:[a-z]{2})',
        },
      ],
      headerParams: [{ name: 'X-Trace', type: 'string', description: 'X-Trace', required: false, maxLength: 64 }],
      annotations: { readOnlyHint: true },
    });
  });

  it('with a list of commas as text that says so', () => {
    expect(toolOf(library, 'search')['queryParams']).toMatchObject([
      { name: 'id' },
      { name: 'sort', type: 'string', description: 'Order. Several are separated by commas.' },
      { name: 'filter', type: 'map', description: 'filter Members: `year` (integer).' },
    ]);
  });

  it('with a flat body as parameters, without what the server fills in', () => {
    const { bodyParams, requestBody, description, annotations } = toolOf(library, 'getBook_2');
    expect(requestBody).toBeUndefined();
    expect(description).toBe('Replaces a book; the price is in $ {CURRENCY}.');
    expect(annotations).toEqual({ idempotentHint: true });
    expect(bodyParams).toEqual([
      { name: 'title', type: 'string', description: 'title', minLength: 1 },
      { name: 'price', type: 'float', description: 'price', required: false },
      {
        name: 'author',
        type: 'map',
        description: 'Who wrote it. Members: `name` (string, required), `books` (list of string).',
        required: false,
      },
    ]);
  });

  it('with any other body as one parameter', () => {
    expect(toolOf(library, 'books_add')).toMatchObject({
      headers: { 'Content-Type': 'application/vnd.library+json' },
      requestBody: '{{json .body}}',
      bodyParams: [{ name: 'body', type: 'array', items: { type: 'map' } }],
    });
    expect(toolOf(library, 'note')).toMatchObject({
      requestBody: '{{.body}}',
      headers: { 'Content-Type': 'text/plain' },
    });
    expect(toolOf(library, 'lend')).toMatchObject({
      path: '/loans/{{.path_id}}',
      pathParams: [{ name: 'path_id' }],
      queryParams: [{ name: 'id' }],
      bodyParams: [
        { name: 'days', default: 14 },
        { name: 'note', required: false },
        { name: 'tags', type: 'array' },
      ],
    });
  });

  it('and says what it left out, and why', () => {
    expect(library.notes.map(({ operation, outcome, reason }) => `${operation} ${outcome}: ${reason}`)).toEqual([
      'GET /books/{book-id} partly: left out the optional parameter `session`: it travels in a cookie',
      'GET /search partly: left out `pattern` of `id`, which a parameter cannot hold',
      'GET /search partly: left out the optional parameter `range`: an object is written there in a way that tools do not know',
      'POST /loans/{id} partly: left out the field `extra`, which a parameter cannot hold',
      'POST /covers skipped: the request body is multipart/form-data, which tools cannot send',
      'GET /elsewhere skipped: the parameter `common.yaml#/Page`: the declaration is not in the document',
      'GET /mixed skipped: the parameter `when`: its schema allows several types',
      'GET /reports skipped: it is asked at `https://reports.library.test`, and one source is one server',
    ]);
  });
});

describe('a document', () => {
  const minimal = (more: JsonObject = {}): string =>
    JSON.stringify({
      openapi: '3.0.3',
      info: { title: 'T', version: '1' },
      paths: { '/a': { get: { operationId: 'a' } } },
      ...more,
    });

  it('without a usable server gets its URL from the environment, or from whoever imports it', () => {
    const api = imported(minimal({ servers: [{ url: '/v1' }] }));
    expect(documentsOf(api)[0]).toMatchObject({ baseUrl: '${T_URL}' });
    expect(load(api, { T_URL: 'https://t.test/v1' })).toMatchObject({ ok: true });
    expect(documentsOf(imported(minimal(), { baseUrl: 'https://mine.test', name: 'mine' }))[0]).toMatchObject({
      name: 'mine',
      baseUrl: 'https://mine.test',
    });
  });

  it('whose schemas lead in circles is imported all the same', () => {
    const tree = {
      type: 'object',
      properties: {
        children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
        self: { allOf: [{ $ref: '#/components/schemas/Loop' }] },
      },
    };
    const api = imported(
      minimal({
        paths: {
          '/a': {
            post: {
              operationId: 'a',
              requestBody: {
                required: true,
                content: { 'application/json': { schema: { $ref: '#/components/schemas/Tree' } } },
              },
            },
          },
        },
        components: { schemas: { Tree: tree, Loop: { allOf: [{ $ref: '#/components/schemas/Loop' }] } } },
      }),
    );
    expect(load(api, { T_URL: 'https://t.test' })).toMatchObject({ ok: true });
  });

  it.each<[string, string, ImportOptions, RegExp]>([
    ['that is Swagger 2', '{"swagger": "2.0"}', {}, /Swagger 2\.0; convert/],
    ['of an unknown version', '{"openapi": "4.0.0"}', {}, /versions 3\.0, 3\.1 and 3\.2/],
    ['that is no document', '- a', {}, /no OpenAPI document/],
    ['that is no YAML', '{"a": [', {}, /neither YAML nor JSON/],
    ['without operations', '{"openapi": "3.0.0", "paths": {}}', {}, /no operations/],
    [
      'with nothing to import',
      '{"openapi": "3.0.0", "paths": {"/a": {"trace": {}}}}',
      {},
      /none of its operations can be a tool \(TRACE \/a: the method TRACE is not sent\)/,
    ],
    ['under an impossible name', minimal(), { name: 'a b' }, /cannot be the name of a source/],
    ['at an impossible place', minimal(), { baseUrl: 'ftp://x' }, /not an absolute http or https URL/],
  ])('%s is refused', (_, text, options, message) => {
    const result = importOpenApi(text, options);
    expect(result).toMatchObject({ ok: false, error: expect.stringMatching(message) });
  });
});

it('an imported tool reaches the API that it was imported from', async () => {
  await using api = await serve((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok": true}'),
  );
  const library = imported(LIBRARY_API, { baseUrl: api.url });
  // What an operator adds for an API inside.
  const opened = {
    ...library,
    yaml: library.yaml.replace('type: http\n', 'type: http\nallowedIpRanges: [127.0.0.1]\n'),
  };
  const loaded = load(opened);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const toolbox = await openToolbox(loaded.value.configuration, {
    catalog: sourceTypes,
    clock: systemClock,
    log: silentLogger,
    openEmbedder: () => ({ embed: () => Promise.reject(new Error('none')) }),
  });
  if (!toolbox.ok) throw new Error(JSON.stringify(toolbox.error));
  const tool = toolbox.value.current().namespaces.get('default')?.tools.get('getBook_2');
  const checked = tool?.check({ book_id: 7, title: 'Momo', author: { name: 'Ende' } });
  if (checked?.ok !== true) throw new Error(JSON.stringify(checked));
  const output = await tool?.run(checked.value, {
    signal: new AbortController().signal,
    log: silentLogger,
    caller: NOBODY,
    client: nobody,
  });
  expect(output).toEqual({ kind: 'value', value: { ok: true } });
  expect(api.received[0]).toMatchObject({
    method: 'PUT',
    url: '/books/7',
    headers: { 'x-library-key': 'k', authorization: 'Bearer t', 'content-type': 'application/json' },
  });
  expect(JSON.parse(api.received[0]?.body ?? '')).toEqual({ title: 'Momo', author: { name: 'Ende' } });
  await toolbox.value.close();
});
