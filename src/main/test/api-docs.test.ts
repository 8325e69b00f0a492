/** `docs/api.md` is executed: each `http` block is a request, and after the arrow the answer to it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERYWHERE } from '#contract';
import { serveApi, type ServedApi } from './api.fixture.ts';
import { examplesOf, expected, like } from './http-examples.fixture.ts';

let served: ServedApi;
beforeAll(async () => {
  served = await serveApi();
});
afterAll(() => served.close());

const examples = examplesOf('api.md');

test('docs/api.md says what happens', async () => {
  const key = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`)?.key;
  expect(examples.length).toBeGreaterThan(7);
  let etag = '';
  for (const { line, headers, body, status, answered, answer } of examples) {
    const [method = '', path = ''] = line.split(' ');
    const sent = Object.entries(headers).map(([name, value]) => [name, value.replace('{etag}', etag)]);
    const given = await served.ask(method, path, key, {
      headers: { ...Object.fromEntries(sent), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
    });
    const text = await given.text();
    expect([line, given.status]).toEqual([line, status]);
    for (const [name, value] of Object.entries(answered)) {
      expect([line, name, given.headers.get(name)]).toEqual([line, name, expect.stringMatching(like(value))]);
    }
    if (answer !== undefined) expect(JSON.parse(text)).toEqual(expected(JSON.parse(answer)));
    etag = given.headers.get('etag') ?? etag;
  }
});
