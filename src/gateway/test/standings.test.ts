/** Tools whose definition nobody approved, at every door: who sees them, who calls them, and what is told. */
import { afterEach, describe, expect, it } from 'vitest';
import { EVERYWHERE, type CatalogueTool } from '#contract';
import { fixedPolicies, type PolicySource } from '#policy';
import { Standings } from '#registry';
import type { Tool } from '#toolbox';
import { ALICE, BOB, post, snapshotOf, startGateway, testTool, type RunningGateway } from './gateway.fixture.ts';

const PERMIT_ALICE: readonly PolicySource[] = [
  {
    ...{ id: '*/all', namespace: EVERYWHERE, priority: 0 },
    cedar:
      '@id("all") permit (principal, action, resource); @id("not bob") forbid (principal == Agent::"bob", action, resource == Tool::"default/code");',
  },
];

const text = async () => ({ kind: 'content', content: [{ type: 'text', text: 'done' }] }) as const;
const tool = (name: string, overrides: Partial<Tool> = {}): Tool => testTool({ name, run: text, overrides });
const code = (description: string): Tool => tool('code', { description, definedBy: 'code' });

let running: RunningGateway;
afterEach(() => running.close());

async function start(tools: readonly Tool[], cedar = 'permit (principal, action, resource);'): Promise<Standings> {
  const standings = new Standings('firstUse');
  const sources: readonly PolicySource[] = [{ ...{ id: '*/all', namespace: EVERYWHERE, priority: 0 }, cedar }];
  running = await startGateway({}, snapshotOf(tools), [], [], undefined, fixedPolicies(sources), { standings });
  return standings;
}

const approve = (standings: Standings, one: CatalogueTool): void =>
  standings.replace([
    {
      ...{ namespace: one.namespace, name: one.name, state: 'approved', why: 'review', pendingDigest: undefined },
      ...{ digest: standings.pinOf(one), generation: 1 },
    },
  ]);

async function listed(
  key = ALICE,
): Promise<readonly { readonly name: string; readonly description: string; readonly _meta?: object }[]> {
  const answer = await post(
    `${running.url}/mcp`,
    { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    { Authorization: `Bearer ${key}` },
  );
  return ((await answer.json()) as { result: { tools: { name: string; description: string }[] } }).result.tools;
}

async function invoke(name: string, key = ALICE): Promise<readonly [number, string]> {
  const answer = await fetch(`${running.url}/api/tool/${name}/invoke`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: '{}',
  });
  const { code: said = 'ok' } = (await answer.json()) as { code?: string };
  return [answer.status, said];
}

describe('a definition that code changed', () => {
  it('REG-013: is not called with one zero-width character more, until it is approved', async () => {
    const [before, after] = [code('Greets a person.'), code('Greets a\u200b person.')];
    const standings = await start([before, tool('plain')]);
    approve(standings, before);
    expect(await invoke('code')).toEqual([200, 'ok']);
    running.replace(snapshotOf([after, tool('plain')]));
    expect(await invoke('code')).toEqual([403, 'TOOL_QUARANTINED']);
    expect(await invoke('plain')).toEqual([200, 'ok']);
    approve(standings, after);
    expect(await invoke('code')).toEqual([200, 'ok']);
    running.replace(snapshotOf([before, tool('plain')]));
    expect(await invoke('code')).toEqual([403, 'TOOL_QUARANTINED']);
  });

  it('is in no list while it waits, and is told to nobody whom policies deny the tool', async () => {
    const [before, after] = [code('Greets a person.'), code('Greets every person.')];
    const standings = await start([after, tool('plain')], PERMIT_ALICE[0]?.cedar);
    approve(standings, before);
    expect((await listed()).map(({ name }) => name)).toEqual(['plain']);
    expect(await invoke('code', ALICE)).toEqual([403, 'TOOL_QUARANTINED']);
    expect(await invoke('code', BOB)).toEqual([404, 'TOOL_UNKNOWN']);
    const manifest = await fetch(`${running.url}/api/toolset`, { headers: { Authorization: `Bearer ${ALICE}` } });
    expect(Object.keys(((await manifest.json()) as { tools: object }).tools)).toEqual(['plain']);
  });

  it('is told without a word of what changed', async () => {
    const standings = await start([code('Sends SECRET-CANARY away.')]);
    approve(standings, code('Greets a person.'));
    const answer = await fetch(`${running.url}/api/tool/code/invoke`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${ALICE}`, 'Content-Type': 'application/json' },
      body: '{}',
    });
    expect(await answer.text()).not.toContain('CANARY');
  });

  it('REG-012: is looked at before its first call, where it hides something', async () => {
    await start([code('Greets a\u202e person.'), tool('plain')]);
    expect(await invoke('code')).toEqual([403, 'TOOL_QUARANTINED']);
    expect((await listed()).map(({ name }) => name)).toEqual(['plain']);
  });

  it('is called at first use without anybody, where nothing about it is suspicious', async () => {
    await start([code('Greets a person.')]);
    expect(await invoke('code')).toEqual([200, 'ok']);
  });
});

it('what somebody stopped is stopped also where a file declares it, and comes back', async () => {
  const standings = await start([tool('plain')]);
  const held = {
    ...{ namespace: 'default', name: 'plain', digest: undefined, pendingDigest: undefined },
    generation: 1,
  };
  standings.replace([{ ...held, state: 'quarantined', why: 'held' }]);
  expect(await invoke('plain')).toEqual([403, 'TOOL_QUARANTINED']);
  standings.replace([{ ...held, state: 'approved', why: 'review' }]);
  expect(await invoke('plain')).toEqual([200, 'ok']);
});

it('a registered tool without a pin runs for nobody', async () => {
  const registration = { id: 'x', revision: 1, owner: { kind: 'agent', iss: 'chatelaine', sub: 'alice' } } as const;
  await start([tool('mine', { origin: 'registered', registration })]);
  expect(await invoke('mine')).toEqual([403, 'TOOL_QUARANTINED']);
});

it('a draft is there for its owner alone', async () => {
  const registration = { id: 'x', revision: 1, owner: { kind: 'agent', iss: 'chatelaine', sub: 'alice' } } as const;
  const entry = { ...tool('x').entry, status: 'draft' } as const;
  const draft = tool('draft', { origin: 'registered', registration, entry });
  const standings = await start([draft, tool('plain')]);
  approve(standings, draft);
  expect([await invoke('draft', ALICE), await invoke('draft', BOB)]).toEqual([
    [200, 'ok'],
    [404, 'TOOL_UNKNOWN'],
  ]);
  expect([(await listed(ALICE)).length, (await listed(BOB)).length]).toEqual([2, 1]);
});

it('a deprecated tool works, and says what to use instead in its description and in `_meta`', async () => {
  const entry = { ...tool('x').entry, status: 'deprecated', replacedBy: 'new' } as const;
  await start([tool('old', { entry })]);
  expect(await invoke('old')).toEqual([200, 'ok']);
  expect(await listed()).toMatchObject([
    {
      description: 'Deprecated, use `new` instead. The test tool old.',
      _meta: { 'dev.chatelaine/deprecated': { replacedBy: 'new' } },
    },
  ]);
});

it('REG-013: every call is on record with the digest of the definition it ran under', async () => {
  const greet = code('Greets a person.');
  const standings = await start([greet]);
  await invoke('code');
  const calls = running.trail.events.filter(({ type }) => type === 'tool.call');
  expect(calls.at(-1)?.object).toMatchObject({ name: 'code', id: standings.pinOf(greet) });
});
