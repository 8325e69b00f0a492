/** README.md, step by step: a real server, the real command, and an agent with the official MCP client. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  agentAt,
  chatelaine,
  linesOf,
  newKey,
  run,
  serve,
  type AgentClient,
  type Served,
} from '../../command.fixture.ts';

const example = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'tool-changes-'));
const dataDir = join(folder, 'data');
const beside = ['--config', join(folder, 'tools.yaml'), '--data-dir', dataDir];

interface Pin {
  readonly state: string;
  readonly why: string;
  readonly approved: { readonly digest: string };
  readonly waiting: { readonly digest: string } | null;
  readonly changes: readonly { readonly words: string }[];
  readonly findings: readonly { readonly kind: string }[];
}

let server: Served;
let agent: AgentClient;

/** Puts another edition of the tool in the place of the one that is there, as an update of its package does. */
const edition = (file: string): void => copyFileSync(join(example, file), join(folder, 'forecast.ts'));

const pin = async (): Promise<Pin> =>
  JSON.parse(await chatelaine('tool', 'diff', 'forecast', '--json', ...beside)) as Pin;
const kinds = async (): Promise<readonly string[]> => (await pin()).findings.map(({ kind }) => kind);
const decide = (verb: 'approve' | 'reject', { waiting }: Pin): Promise<string> =>
  chatelaine('tool', verb, 'forecast', '--digest', waiting?.digest ?? '', ...beside);
const until = async (what: () => Promise<unknown>, wanted: unknown): Promise<void> =>
  expect.poll(what, { timeout: 60_000, interval: 200 }).toEqual(wanted);

beforeAll(async () => {
  copyFileSync(join(example, 'tools.yaml'), join(folder, 'tools.yaml'));
  edition('forecast.ts');
  server = await serve(beside);
  agent = await agentAt(server.url, await newKey(dataDir, 'travel'));
});
afterAll(async () => {
  await agent.close();
  await server.end();
  rmSync(folder, { recursive: true, force: true });
});

test(
  'a tool changes under its agent: quarantined, looked at, approved, and called again',
  { timeout: 300_000 },
  async () => {
    // 1. The agent uses the tool.
    expect(await agent.tools()).toEqual(['forecast']);
    expect(await agent.call('forecast', { city: 'Basel' })).toContain('Basel: sun');
    const first = await pin();
    expect([first.state, first.why]).toEqual(['approved', 'first-use']);

    // 2. The package is updated. The new words are for the model, and no model gets to read them.
    edition('forecast-poisoned.ts');
    await until(() => agent.tools(), []);
    const refused = await agent.call('forecast', { city: 'Basel' });
    expect(refused).toContain('quarantined');
    expect(refused).not.toMatch(/ssh|context/);

    // 3. Somebody looks.
    const poisoned = await pin();
    expect([poisoned.state, poisoned.approved.digest]).toEqual(['quarantined', first.approved.digest]);
    expect(poisoned.changes.map(({ words }) => words).join('\n')).toMatch(/id_ed25519[\s\S]*`context`/);
    expect(await kinds()).toEqual(['instruction', 'instruction', 'widened']);

    // 4. They refuse it.
    await decide('reject', poisoned);
    expect((await pin()).why).toBe('rejected');
    expect(await agent.call('forecast', { city: 'Basel' })).toContain('quarantined');

    // 5. A change that its authors meant waits as well.
    edition('forecast-improved.ts');
    await until(kinds, ['widened']);
    const improved = await pin();
    expect(improved.state).toBe('quarantined');
    expect(await agent.call('forecast', { city: 'Basel', days: 2 })).toContain('quarantined');

    // 6. They approve it by its digest; that of the poisoned one approves nothing any more.
    const other = ['--digest', poisoned.waiting?.digest ?? ''];
    expect((await run(['tool', 'approve', 'forecast', ...other, ...beside])).code).not.toBe(0);
    await decide('approve', improved);
    await until(() => agent.tools(), ['forecast']);
    expect(await agent.call('forecast', { city: 'Basel', days: 2 })).toContain('sun, 21 °C; sun, 21 °C');

    // 7. The record says under which definition each call ran.
    const calls = linesOf(
      await chatelaine(
        'audit',
        'query',
        '--type',
        'tool.call',
        '--outcome',
        'success',
        '--json',
        '--data-dir',
        dataDir,
      ),
    );
    expect(calls).toMatchObject([improved.waiting?.digest, first.approved.digest].map((id) => ({ object: { id } })));
  },
);
