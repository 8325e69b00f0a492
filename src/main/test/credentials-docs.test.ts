/** `docs/credentials.md` is executed, and `docs/coming-from-tool-registry.md` held against the description. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examplesOf, expected } from './http-examples.fixture.ts';
import { bearer, startVending, type VendingServer } from './vending.fixture.ts';

let served: VendingServer;
beforeAll(async () => {
  served = await startVending();
}, 120_000);
afterAll(() => served.close());

test('docs/credentials.md says what happens', async () => {
  const { key } = await served.key('reader-of-documents', { roles: ['user', 'tool_publisher'] });
  const examples = examplesOf('credentials.md');
  expect(examples.length).toBeGreaterThan(3);
  for (const { line, headers, body, status, answer } of examples) {
    const [method = '', path = ''] = line.split(' ');
    const sent = body === undefined ? undefined : (JSON.parse(body) as object);
    const given = await served.ask(method, path, { ...headers, ...bearer(key) }, sent);
    expect([line, given.status]).toEqual([line, status]);
    if (answer !== undefined) expect(given.body).toEqual(expected(JSON.parse(answer)));
  }
});

/** The table of endpoints, there and here. */
const rows = [
  ...readFileSync(join(import.meta.dirname, '../../../docs/coming-from-tool-registry.md'), 'utf8').matchAll(
    /^\| `([A-Z]+ [^`]+)` \| (.+) \|$/gm,
  ),
].map(([, there = '', here = '']) => ({ there, here }));

test('every endpoint of tool-registry has one of ours, or the reason why not', async () => {
  expect(rows.length).toBeGreaterThan(35);
  const { body } = await served.ask('GET', '/api/v1/openapi.json');
  const paths = body['paths'] as unknown as Readonly<Record<string, Readonly<Record<string, object>>>>;
  const ours = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  );
  const wrong = rows.filter(({ here }) => {
    const named = [...here.matchAll(/`([A-Z]+ \/[^`]*)`/g)].map((one) => one[1] as string);
    return (named.length === 0 && !/^(?:declined|not yet)/.test(here)) || named.some((one) => !ours.includes(one));
  });
  expect(wrong).toEqual([]);
});
