import { expect, test } from 'vitest';
import { serve } from '../http-server.ts';
import { tryKeys, type TriedKey } from './try-keys.ts';

const keys = (count: number): readonly TriedKey[] =>
  Array.from({ length: count }, (_, at) => ({ id: `id-${at}`, key: `key-${at}` }));

test('a 429 counts as no answer: a key that meets it comes again when it is told to, and what it is told then counts', async () => {
  const came: { readonly key: string | undefined; readonly at: number }[] = [];
  await using door = await serve(({ headers }, response) => {
    came.push({ key: headers.authorization, at: performance.now() });
    if (came.length === 2) response.writeHead(429, { 'retry-after': '1' }).end();
    else response.writeHead(headers.authorization === 'Bearer key-0' ? 200 : 401).end();
  });
  const found = await tryKeys(new URL(door.url), keys(2));
  expect([...found]).toEqual([
    ['id-0', 200],
    ['id-1', 401],
  ]);
  expect(came.map(({ key }) => key)).toEqual(['Bearer key-0', 'Bearer key-1', 'Bearer key-1']);
  expect((came[2]?.at ?? 0) - (came[1]?.at ?? 0)).toBeGreaterThan(950);
});

test('a key that counts again after it was revoked is seen, also where others meet 429', async () => {
  let visits = 0;
  await using door = await serve((_, response) => {
    if (visits++ === 0) response.writeHead(429, { 'retry-after': '1' }).end();
    else response.writeHead(200).end();
  });
  expect((await tryKeys(new URL(door.url), keys(1))).get('id-0')).toBe(200);
});

test('many keys come from several addresses, so that the limit of one is not met', async () => {
  const from: (string | undefined)[] = [];
  await using door = await serve(({ socket }, response) => {
    from.push(socket.remoteAddress);
    response.writeHead(401).end();
  });
  await tryKeys(new URL(door.url), keys(5), { perAddress: 2 });
  expect(from).toEqual(['127.1.0.0', '127.1.0.0', '127.1.0.1', '127.1.0.1', '127.1.0.2']);
});

test('a door that judges nobody is said to be one, and so is a 429 that names no time', async () => {
  await using shut = await serve((_, response) => void response.writeHead(429, { 'retry-after': '60' }).end());
  await expect(tryKeys(new URL(shut.url), keys(1), { patienceMs: 1_000 })).rejects.toThrow(/was not judged/);
  await using odd = await serve((_, response) => void response.writeHead(429).end());
  await expect(tryKeys(new URL(odd.url), keys(1))).rejects.toThrow(/no time to wait/);
});
