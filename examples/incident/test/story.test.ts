/** README.md, step by step: a real server, the real command, and an agent with the official MCP client. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentAt, chatelaine, newKey, run, serve, type Served } from '../../command.fixture.ts';

const example = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'incident-'));
const dataDir = join(folder, 'data');
const beside = ['--config', join(folder, 'tools.yaml'), '--data-dir', dataDir];

const OFFICE = { 'x-forwarded-for': '192.0.2.10', 'user-agent': 'bookkeeper/2.1' };
const ELSEWHERE = { 'x-forwarded-for': '203.0.113.77', 'user-agent': 'python-requests/2.32' };

interface Alert {
  readonly id: string;
  readonly kind: string;
  readonly tool: string;
  readonly acknowledgedAt: string | null;
}

/** Processes of the story live so many days ago. */
const daysAgo = (days: number): Record<string, string> => ({
  NODE_OPTIONS: `--import ${join(example, 'other-day.mjs')}`,
  STORY_DAYS_AGO: String(days),
});

let server: Served | undefined;
let key: string;

/** An invoice after the other, as the agent of whoever has the key. */
async function reads(headers: Record<string, string>, numbers: number): Promise<readonly string[]> {
  const agent = await agentAt(server!.url, key, headers);
  try {
    const answers: string[] = [];
    for (let number = 1; number <= numbers; number++) answers.push(await agent.call('invoice', { number }));
    return answers;
  } finally {
    await agent.close();
  }
}
const alerts = async (): Promise<readonly Alert[]> =>
  (JSON.parse(await chatelaine('alert', 'list', '--all', '--json', ...beside)) as { alerts: readonly Alert[] }).alerts;

beforeAll(() => {
  copyFileSync(join(example, 'tools.yaml'), join(folder, 'tools.yaml'));
  const books = new DatabaseSync(join(folder, 'books.db'));
  books.exec('CREATE TABLE invoices (number INTEGER PRIMARY KEY, customer TEXT NOT NULL, amount INTEGER NOT NULL)');
  const insert = books.prepare('INSERT INTO invoices VALUES (?, ?, ?)');
  for (let number = 1; number <= 60; number++) insert.run(number, `customer ${number}`, number * 100);
  books.close();
});
afterAll(async () => {
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
});

test('a key is used by somebody else: noticed, contained, and proven', { timeout: 600_000 }, async () => {
  // 1. Four days of work: twenty invoices a day, out of one office, by one program.
  for (const days of [4, 3, 2, 1]) {
    server = await serve(beside, daysAgo(days));
    key ??= await newKey(dataDir, 'bookkeeper', daysAgo(days));
    expect((await reads(OFFICE, 20)).every((answer) => answer.includes('customer'))).toBe(true);
    await server.end();
  }
  server = await serve(beside);
  await reads(OFFICE, 3);
  expect(await alerts()).toEqual([]);

  // 2. Somebody has found the key, and reads all the invoices.
  expect((await reads(ELSEWHERE, 60)).every((answer) => answer.includes('customer'))).toBe(true);

  // 3. The server says that this is not like the caller.
  await expect
    .poll(async () => (await alerts()).map(({ kind }) => kind), { timeout: 60_000 })
    .toEqual(expect.arrayContaining(['new_address', 'new_client']));
  expect((await alerts()).every(({ tool }) => tool === 'invoice')).toBe(true);

  // 4. One command stops the agent, and says when it had stopped.
  const report = join(folder, 'report.json');
  const stopped = await chatelaine(
    ...['contain', 'agent', 'bookkeeper', '--reason', 'key used from elsewhere', '--report', report, ...beside],
  );
  expect(stopped).toContain('The agent `bookkeeper` is contained: 1 processes confirmed');
  for (const headers of [ELSEWHERE, OFFICE]) {
    const answer = await fetch(new URL('/mcp', server.url), {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(401);
  }

  // 5. Somebody looks into it. What the server did until its end is signed for, and bundled.
  for (const { id } of await alerts()) await chatelaine('alert', 'acknowledge', id, '--note', 'contained', ...beside);
  expect((await alerts()).every(({ acknowledgedAt }) => acknowledgedAt !== null)).toBe(true);
  await server.end();
  server = undefined;
  const evidence = join(folder, 'evidence');
  await chatelaine('audit', 'evidence', '--out', evidence, '--opened', '--data-dir', dataDir);
  const publicKey = join(folder, 'audit-public-key.pem');
  writeFileSync(publicKey, await chatelaine('audit', 'public-key', '--data-dir', dataDir));

  // 6. It verifies with the public key alone, where there is nothing else of the server.
  rmSync(dataDir, { recursive: true });
  const verify = ['audit', 'verify-evidence', evidence, '--key', publicKey];
  expect((await run(verify)).code).toBe(0);
  expect((await run(['contain', '--verify', report, '--key', publicKey])).code).toBe(0);
  const records = join(evidence, 'records.ndjson');
  const kept = readFileSync(records, 'utf8');
  const told = kept
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; address?: string });
  const read = told.filter(({ type, address }) => type === 'tool.call' && address === '203.0.113.77');
  expect(read).toHaveLength(60);
  const types = new Set(told.map(({ type }) => type));
  expect([types.has('anomaly.detected'), types.has('containment.ended')]).toEqual([true, true]);

  // 7. And does not when a byte of it is another.
  writeFileSync(records, kept.replace('203.0.113.77', '203.0.113.78'));
  expect((await run(verify)).code).not.toBe(0);
});
