/** One installation on several hosts: what a client got from the one holds at the other. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serverSchema } from '#contract';
import { operator } from '#identity';
import { silentLogger, systemClock } from '#kernel';
import { Endings, openApi, openServices } from '#main';
import { namespaceScope } from '#vault';
import { emptyPlace, type TestPlace } from '../../../test/databases.ts';

/** A host on the database, with a data directory of its own that shares the wrapping key and those of the log. */
async function host({ document }: TestPlace, secret: number, beside?: string) {
  const dataDir = (await emptyPlace('sqlite')).directory;
  mkdirSync(join(dataDir, 'audit'), { mode: 0o700 });
  if (beside !== undefined) {
    for (const file of ['vault.key', 'audit/signing.key', 'audit/digest.key']) {
      copyFileSync(join(beside, file), join(dataDir, file));
    }
  }
  const endings = new Endings();
  onTestFinished(() => endings.close(silentLogger));
  const settings = serverSchema.parse({ kind: 'server', database: document });
  const options = { clock: systemClock, log: silentLogger };
  const services = await openServices({ dataDir, settings, endings, ...options });
  const api = await openApi(services, {
    dataDir,
    settings,
    version: '1',
    secret: Buffer.alloc(32, secret),
    endings,
    ...options,
  });
  let requests = 0;
  const page = async (target: string) => {
    const { principal } = operator();
    const answer = await api.local({ method: 'GET', target, principal, requestId: `r${++requests}` });
    const body = JSON.parse(answer.body ?? '{}') as { code?: string; next?: string; items?: { name: string }[] };
    return { code: body.code, next: body.next, names: body.items?.map(({ name }) => name) };
  };
  return { dataDir, services, page };
}

test('the second page of a listing is answered by whichever host, and by one that is started later', async () => {
  const place = await emptyPlace('postgres');
  const first = await host(place, 1);
  for (const name of ['a', 'b', 'c', 'd']) {
    await first.services.identity.agents.create(operator(), { name });
  }
  const second = await host(place, 2, first.dataDir);
  // Both ask for the key at once, where there is none.
  const [here, there] = await Promise.all([
    first.page('/api/v1/agents?limit=1'),
    second.page('/api/v1/agents?limit=1'),
  ]);
  expect(here.next).toBe(there.next);
  expect(await second.page(`/api/v1/agents?limit=1&cursor=${here.next}`)).toMatchObject({ names: ['b'] });
  expect(await first.page(`/api/v1/agents?limit=1&cursor=${there.next}`)).toMatchObject({ names: ['b'] });

  // Sealed: the database has nothing to sign with, and a rotation of the key that seals it changes nothing.
  const kept = await first.services.database.db.selectFrom('api_secrets').selectAll().execute();
  expect(kept).toHaveLength(1);
  expect(await first.services.vault.rotate(namespaceScope('*'), async () => {})).toBe(1);
  const third = await host(place, 3, first.dataDir);
  expect(await third.page(`/api/v1/agents?limit=1&cursor=${here.next}`)).toMatchObject({ names: ['b'] });
  expect(await third.page('/api/v1/agents?limit=1&cursor=AAAA.AAAA')).toMatchObject({ code: 'CURSOR_REFUSED' });
});
