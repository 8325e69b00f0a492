/** Values that a mask hashes look equal whichever host of an installation answers, so that joins work. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { emptyPlace } from '../../../test/databases.ts';
import { CITIES, run, start, workspace, type Workspace } from './server.fixture.ts';

const MASK = `
---
kind: mask
name: cities
tools: [city]
fields: [name]
how: hash
`;

/** A machine with a data directory of its own; it shares the keys that hosts must share, and no other. */
function host(document: object, beside?: Workspace) {
  const place = workspace();
  onTestFinished(() => place.remove());
  if (beside !== undefined) {
    mkdirSync(join(place.dataDir, 'audit'), { recursive: true, mode: 0o700 });
    for (const file of ['vault.key', 'audit/signing.key', 'audit/digest.key'])
      copyFileSync(join(beside.dataDir, file), join(place.dataDir, file));
  }
  const server = `\n---\nkind: server\nmetrics: false\ndatabase: ${JSON.stringify(document)}\n`;
  return { place, where: ['--data-dir', place.dataDir, '--config', place.write('tools.yaml', CITIES + MASK + server)] };
}

test('two servers on one database, and a command beside them, hash a value alike', async () => {
  const { document } = await emptyPlace('postgres');
  const password = typeof document['password'] === 'string' ? document['password'] : '';
  const options = { env: { DATABASE_PASSWORD: password } };
  const shown = { ...document, password: '${DATABASE_PASSWORD}' };
  const first = host(shown);
  const made = await run(['key', 'create', '--agent', 'bot', '--role', 'user', '--json', ...first.where], options);
  const { key } = JSON.parse(made.stdout) as { readonly key: string };
  const hosts = [first, host(shown, first.place)];
  const servers = [];
  for (const { where } of hosts) {
    const server = await start(where, options);
    onTestFinished(() => void server.stop());
    servers.push(server);
  }
  // Both need the key at once, where there is none yet.
  const answers = await Promise.all(
    servers.map(async ({ url }) => {
      const answer = await fetch(`${url}/api/tool/city/invoke`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: '{"id":1}',
      });
      return ((await answer.json()) as { readonly result: string }).result;
    }),
  );
  const third = host(shown, first.place);
  const invoked = await run(['invoke', 'city', '{"id":1}', ...third.where], options);
  const hashes = [...answers, invoked.stdout].map((text) => /hash:[\w-]+/.exec(text)?.[0]);
  expect(hashes[0]).toBeDefined();
  expect(hashes).toEqual([hashes[0], hashes[0], hashes[0]]);
}, 180_000);
