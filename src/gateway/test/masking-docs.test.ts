/** What docs/masking.md shows is what happens. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { EVERYWHERE } from '#contract';
import { silentLogger, systemClock } from '#kernel';
import { loadCedar, readRules, STARTER_POLICIES, fixedPolicies } from '#policy';
import { loadConfiguration, openToolbox, sourceTypes } from '#toolbox';
import { ALICE, startGateway } from './gateway.fixture.ts';

const text = readFileSync(new URL('../../../docs/masking.md', import.meta.url), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map((match) => match[1] as string);

const directory = mkdtempSync(join(tmpdir(), 'chatelaine-masking-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const load = (yaml: string) => {
  const input = { file: 'masking.yaml', directory, bytes: Buffer.from(yaml) };
  const read = loadConfiguration([input], { env: {}, catalog: sourceTypes });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value.configuration;
};

test('the first example answers as it says', async () => {
  const db = new DatabaseSync(join(directory, 'shop.db'));
  db.exec(`CREATE TABLE orders (id INTEGER, customer TEXT, email TEXT, note TEXT);
    INSERT INTO orders VALUES (1, 'Alice', 'alice@example.com', 'paid with 4111 1111 1111 1111, see CASE-123456')`);
  db.close();
  const toolbox = await openToolbox(load(blocks('yaml')[0]!), {
    ...{ catalog: sourceTypes, clock: systemClock, log: silentLogger },
    openEmbedder: () => {
      throw new Error('no embedder here');
    },
  });
  if (!toolbox.ok) throw new Error(JSON.stringify(toolbox.error));
  const running = await startGateway({}, toolbox.value.current(), [], [], undefined, fixedPolicies(STARTER_POLICIES));
  const answer = await fetch(`${running.url}/api/tool/orders/invoke`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${ALICE}`, 'Content-Type': 'application/json' },
    body: '{}',
  });
  const given = ((await answer.json()) as { result: string }).result.replaceAll(/hash:[\w-]{22}/g, 'hash:…');
  expect({ result: given }).toEqual(JSON.parse(blocks('json')[0]!));
  expect(running.trail.events.at(-1)?.details).toMatchObject({ labels: ['pii'] });
  await running.close();
  await toolbox.value.close();
});

test('the settings are settings', () => {
  expect(load(blocks('yaml')[1]!).server.outputs).toEqual({ untrusted: 'wrap', hidden: 'remove', seenFor: 1_800_000 });
});

test('the policies are policies', async () => {
  const policy = { id: '*/flow', namespace: EVERYWHERE, priority: 0, cedar: blocks('cedar')[0]! };
  const rules = readRules(await loadCedar(), policy);
  expect(rules.ok && rules.value.map(({ reads }) => reads.fields)).toEqual([['seen'], ['seen']]);
});
