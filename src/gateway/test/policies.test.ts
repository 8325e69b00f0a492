/** What policies say, at every door: who sees a tool, who calls it, and what is told of it. */
import { afterEach, describe, expect, it } from 'vitest';
import { EVERYWHERE } from '#contract';
import { fixedPolicies, STARTER_POLICIES, type CurrentPolicies, type PolicySource } from '#policy';
import {
  ALICE,
  AUDITOR,
  BOB,
  NARROW_ADMIN,
  post,
  startGateway,
  testTool,
  snapshotOf,
  type RunningGateway,
} from './gateway.fixture.ts';

const policy = (name: string, cedar: string, more: Partial<PolicySource> = {}): PolicySource => ({
  ...{ id: `*/${name}`, namespace: EVERYWHERE, priority: 0, cedar },
  ...more,
});

const text = async () => ({ kind: 'content', content: [{ type: 'text', text: 'paid' }] }) as const;
const pay = testTool({
  name: 'pay',
  run: text,
  overrides: { tags: ['money'], argumentTypes: { amount: { type: 'integer' }, note: { type: 'string' } } },
});
const look = testTool({ name: 'look', run: text });

let running: RunningGateway;
afterEach(() => running.close());

const start = async (...sources: readonly PolicySource[]): Promise<CurrentPolicies> => {
  const policies = fixedPolicies(sources);
  running = await startGateway({}, snapshotOf([pay, look]), [], [], undefined, policies);
  return policies;
};

const listed = async (key = ALICE): Promise<readonly string[]> => {
  const answer = await post(
    `${running.url}/mcp`,
    { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    { Authorization: `Bearer ${key}` },
  );
  const { result } = (await answer.json()) as { result: { tools: { name: string }[] } };
  return result.tools.map(({ name }) => name);
};

const manifest = async (key = ALICE): Promise<readonly string[]> => {
  const answer = await fetch(`${running.url}/api/toolset`, { headers: { Authorization: `Bearer ${key}` } });
  return Object.keys(((await answer.json()) as { tools: object }).tools);
};

const invoke = async (tool: string, args: object = {}, key = ALICE): Promise<readonly [number, string]> => {
  const answer = await fetch(`${running.url}/api/tool/${tool}/invoke`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(args),
  });
  const { code = 'ok' } = (await answer.json()) as { code?: string };
  return [answer.status, code];
};

const UNKNOWN = [404, 'TOOL_UNKNOWN'] as const;
const DENIED = [403, 'POLICY_DENIED'] as const;
const DONE = [200, 'ok'] as const;

describe('without a policy', () => {
  it('there is nothing to see and nothing to call, whatever roles say', async () => {
    await start();
    expect([await listed(), await manifest(), await invoke('look')]).toEqual([[], [], UNKNOWN]);
  });
});

describe('the policies of a new installation', () => {
  it('let users see and call what files declare, and nobody else', async () => {
    await start(...STARTER_POLICIES);
    expect([await listed(), await invoke('pay')]).toEqual([['pay', 'look'], DONE]);
    expect([await listed(AUDITOR), await invoke('pay', {}, AUDITOR)]).toEqual([[], UNKNOWN]);
  });

  it('say nothing about what a publisher has registered', async () => {
    await start(...STARTER_POLICIES);
    running.replace(snapshotOf([look, { ...pay, origin: 'registered' }]));
    expect([await listed(), await invoke('pay')]).toEqual([['look'], UNKNOWN]);
  });
});

describe('a forbid', () => {
  it('takes a tool out of sight, at every door and for whom it is about alone', async () => {
    await start(
      ...STARTER_POLICIES,
      policy('no', 'forbid(principal == Agent::"bob", action, resource == Tool::"default/pay");'),
    );
    expect([await listed(BOB), await manifest(BOB), await invoke('pay', {}, BOB)]).toEqual([
      ['look'],
      ['look'],
      UNKNOWN,
    ]);
    expect([await listed(), await invoke('pay')]).toEqual([['pay', 'look'], DONE]);
  });

  it('of some arguments leaves it in sight, and says no more than that', async () => {
    await start(
      ...STARTER_POLICIES,
      policy('small', 'forbid(principal, action, resource == Tool::"default/pay") when { context.args.amount > 100 };'),
    );
    expect(await listed()).toEqual(['pay', 'look']);
    expect(await invoke('pay', { amount: 100 })).toEqual(DONE);
    expect(await invoke('pay', { amount: 101 })).toEqual(DENIED);
    // No amount is an error of the policy, and an error denies.
    expect(await invoke('pay')).toEqual(DENIED);
    expect(running.trail.events.at(-1)).toMatchObject({
      ...{ outcome: 'denied', error: 'POLICY_DENIED', decision: 'forbid' },
      policy: { ids: [] },
    });
  });
});

it('a permit of some arguments shows the tool, and lets these through', async () => {
  await start(
    policy(
      'small',
      'permit(principal, action, resource) when { context.args has amount && context.args.amount < 10 };',
    ),
  );
  expect(await listed()).toEqual(['pay', 'look']);
  expect([await invoke('pay', { amount: 9 }), await invoke('pay', { amount: 10 })]).toEqual([DONE, DENIED]);
  expect(running.trail.events.at(-2)).toMatchObject({ policy: { ids: ['*/small'] } });
});

it('what policies looked at is on record beside them, and arguments that they did not look at are not', async () => {
  await start(
    policy('small', 'permit(principal, action, resource) when { context.args.amount < 10 && context.door == "rest" };'),
  );
  await invoke('pay', { amount: 9, note: 'between us' });
  const { details } = running.trail.events.at(-1) ?? {};
  expect(JSON.parse(details?.['facts'] as string)).toEqual({ door: 'rest', args: { amount: 9 } });
  expect(JSON.stringify(running.trail.events)).not.toContain('between us');
});

it('callers who see the same share the bytes of a list, and nobody is asked about twice', async () => {
  const policies = await start(...STARTER_POLICIES);
  await listed();
  const set = await policies.current();
  const { evaluations } = set;
  expect([await listed(), await listed(BOB), await invoke('pay', {}, BOB), await invoke('look')]).toMatchObject([
    {},
    {},
    DONE,
    DONE,
  ]);
  expect(set.evaluations).toBe(evaluations);
});

describe('POL-010: a right is what scopes, policies and the credential leave of one another', () => {
  const execute = testTool({
    name: 'execute',
    run: text,
    overrides: { scopesRequired: ['read:cities'], argumentTypes: { amount: { type: 'integer' } } },
  });
  const small = policy('small', 'forbid(principal, action, resource) when { context.args.amount > 100 };');
  const call = async (args: object, key: string): Promise<number> => {
    const params = { name: 'execute', arguments: args };
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    return (await post(`${running.url}/mcp`, body, { Authorization: `Bearer ${key}` })).status;
  };
  const amount = { amount: 1 };

  it.each([
    ['a scope with the permit of a policy runs', ALICE, amount, 200, 'ok'],
    ['a scope that a policy denies does not', ALICE, { amount: 101 }, 403, 'POLICY_DENIED'],
    ['a permit without the scope does not', BOB, amount, 403, 'INSUFFICIENT_SCOPE'],
    ['an administrator with a credential of less does not', NARROW_ADMIN, amount, 403, 'INSUFFICIENT_SCOPE'],
  ])('%s', async (_, key, args, status, code) => {
    await start(...STARTER_POLICIES, small);
    running.replace(snapshotOf([execute]));
    expect(await invoke('execute', args, key)).toEqual([status, code]);
    const ran = running.trail.events.filter(({ object, outcome }) => object?.kind === 'tool' && outcome === 'success');
    expect(ran).toHaveLength(status === 200 ? 1 : 0);
    if (code !== 'POLICY_DENIED') expect(await call(args, key)).toBe(status);
  });
});

describe('POL-011: what is judged is what is used', () => {
  it('a batch with one call that is denied runs none, and says nothing of any', async () => {
    await start(...STARTER_POLICIES, policy('no', 'forbid(principal, action, resource == Tool::"default/pay");'));
    const one = (id: number, name: string): object => ({
      ...{ jsonrpc: '2.0', id, method: 'tools/call' },
      params: { name, arguments: {} },
    });
    const batch = [...Array.from({ length: 99 }, (_, at) => one(at, 'look')), one(99, 'pay')];
    const answer = await post(`${running.url}/mcp`, batch, { Authorization: `Bearer ${ALICE}` });
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toMatch(/paid|pay|look/);
    expect(running.trail.events.filter(({ object }) => object?.kind === 'tool')).toEqual([]);
  });

  it('a body that names another tool than its path calls the tool of the path', async () => {
    await start(...STARTER_POLICIES, policy('no', 'forbid(principal, action, resource == Tool::"default/look");'));
    const args = { name: 'pay', tool: 'pay', namespace: 'elsewhere' };
    expect(await invoke('look', args)).toEqual(UNKNOWN);
    expect(running.trail.events.every(({ object }) => object?.name !== 'pay')).toBe(true);
  });
});
