/** The faults a test can inject into the API server for tests: what the client meets, and what the server has done. */
import { describe, expect, test } from 'vitest';
import { type ApiServer, type JsonObject, modified, startApiServer } from './api-server/index.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const isCreate = ({ method }: { readonly method: string }): boolean => method === 'POST';
const isWatch = ({ watch }: { readonly watch: boolean }): boolean => watch;

const create = (api: ApiServer, name: string): Promise<Response> =>
  fetch(api.url + configMaps, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { name } }),
  });

const stored = (api: ApiServer, name: string): boolean => api.store.get('/configmaps', 'default', name) !== undefined;

const watch = (api: ApiServer, version = '0'): Promise<Response> =>
  fetch(`${api.url}${configMaps}?watch=true&resourceVersion=${version}`);

const frames = (text: string): JsonObject[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);

describe('faults', () => {
  test('refuse: as many matching requests as wanted get the refusal, with its Retry-After, and do nothing', async () => {
    await using api = await startApiServer();
    const refusal = modified({ group: '', plural: 'configmaps', kind: 'ConfigMap' }, 'one');
    api.faults.inject(isCreate, { kind: 'refuse', refusal, retryAfterSeconds: 2 }, 2);
    for (let at = 0; at < 2; at++) {
      const refused = await create(api, 'one');
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([409, '2']);
      expect(await refused.json()).toMatchObject({ kind: 'Status', reason: 'Conflict' });
    }
    expect(stored(api, 'one')).toBe(false);
    expect((await create(api, 'one')).status).toBe(201);
  });

  test('reset-before: the connection is reset and nothing is done', async () => {
    await using api = await startApiServer();
    api.faults.inject(isCreate, { kind: 'reset-before' });
    await expect(create(api, 'one')).rejects.toThrow('fetch failed');
    expect(stored(api, 'one')).toBe(false);
  });

  test('reset-after: the connection is reset although the work is done', async () => {
    await using api = await startApiServer();
    api.faults.inject(isCreate, { kind: 'reset-after' });
    await expect(create(api, 'one')).rejects.toThrow('fetch failed');
    expect(stored(api, 'one')).toBe(true);
    expect((await create(api, 'one')).status).toBe(409);
  });

  test('hold: a request is served when the test says so, and others overtake it', async () => {
    await using api = await startApiServer();
    let release = (): void => {};
    const until = new Promise<void>((resolve) => (release = resolve));
    api.faults.inject(isCreate, { kind: 'hold', until });
    const slow = create(api, 'slow');
    await expect.poll(() => api.requests.length).toBe(1);
    expect((await create(api, 'fast')).status).toBe(201);
    expect(stored(api, 'slow')).toBe(false);
    release();
    expect((await slow).status).toBe(201);
  });

  test('cut-watch: after so many frames the stream ends, or when abrupt breaks off', async () => {
    await using api = await startApiServer();
    await create(api, 'one');
    api.faults.inject(isWatch, { kind: 'cut-watch', frames: 1, abrupt: false });
    expect(frames(await (await watch(api)).text())).toMatchObject([{ type: 'ADDED' }]);
    api.faults.inject(isWatch, { kind: 'cut-watch', frames: 2, abrupt: true });
    const broken = (await watch(api)).text();
    await create(api, 'two');
    await expect(broken).rejects.toThrow('terminated');
    await expect.poll(() => api.watches().length).toBe(0);
  });

  test('expire-watch: after so many frames the stream says 410 and ends', async () => {
    await using api = await startApiServer();
    await create(api, 'one');
    api.faults.inject(isWatch, { kind: 'expire-watch', frames: 1 });
    const seen = frames(await (await watch(api)).text());
    expect(seen).toMatchObject([{ type: 'ADDED' }, { type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  });

  test('compact: open watches are told 410, and so is one that starts from before', async () => {
    await using api = await startApiServer();
    await create(api, 'one');
    const open = watch(api, String(api.store.revision)).then((response) => response.text());
    await expect.poll(() => api.watches(configMaps).length).toBe(1);
    await create(api, 'two');
    const before = String(api.store.revision - 1);
    api.compact({ watches: true });
    const error = { type: 'ERROR', object: { code: 410 } };
    expect(frames(await open)).toMatchObject([{ type: 'ADDED' }, error]);
    expect(frames(await (await watch(api, before)).text())).toMatchObject([error]);
  });
});
