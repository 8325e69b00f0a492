/** What runs when it is contained does not succeed any more, and nothing of it begins. */
import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Principal } from '#contract';
import { RunningCalls } from '../running-calls.ts';

const caller = (sub: string, more: Partial<Principal> = {}): Principal => ({
  ...{ kind: 'agent', iss: 'chatelaine', sub, name: sub, namespace: 'default', roles: ['user'] },
  ...{ access: new Set(), groups: [], scopes: new Set(), via: { method: 'api-key', keyId: 'k' } },
  ...more,
});

const AGENT = { kind: 'agent', namespace: 'default', target: 'bot', subjects: ['chatelaine#bot'] } as const;
const TOOL = { kind: 'tool', namespace: 'default', target: 'pay', subjects: [] } as const;
const NAMESPACE = { kind: 'namespace', namespace: 'default', target: 'default', subjects: [] } as const;

describe('what is contained is refused at its first step', () => {
  test.each([
    ['the agent itself', AGENT, caller('bot'), 'CONTAINED'],
    [
      'who acts through it',
      AGENT,
      caller('ann', { kind: 'user', act: [{ iss: 'chatelaine', sub: 'bot' }] }),
      'CONTAINED',
    ],
    ['the same subject of another issuer', AGENT, caller('bot', { iss: 'https://idp.test' }), undefined],
    ['another agent', AGENT, caller('other'), undefined],
    ['anybody at a tool', TOOL, caller('other'), 'CONTAINED'],
    ['anybody in a namespace', NAMESPACE, caller('other'), 'CONTAINED'],
  ] as const)('%s', (_who, contained, principal, code) => {
    const calls = new RunningCalls();
    calls.replace([contained]);
    let refused: unknown;
    try {
      calls.enter(principal, 'default', 'pay').leave();
    } catch (error) {
      refused = (error as { code?: string }).code;
    }
    expect(refused).toBe(code);
    calls.enter(caller('other'), 'elsewhere', 'look').leave();
    calls.replace([]);
    calls.enter(principal, 'default', 'pay').leave();
  });
});

test('a call that runs is stopped: its tool is told, and its answer is none', async () => {
  const calls = new RunningCalls();
  const [held, other] = [calls.enter(caller('bot'), 'default', 'pay'), calls.enter(caller('ann'), 'default', 'pay')];
  const [signal, others] = [held.signal(new AbortController().signal), other.signal(new AbortController().signal)];
  calls.replace([AGENT]);
  expect(await calls.stop()).toBe(1);
  expect([signal.aborted, others.aborted]).toEqual([true, false]);
  expect(() => held.settle()).toThrow(expect.objectContaining({ code: 'CALL_CONTAINED' }));
  other.settle();
  // Who asks only now is told as well.
  expect(held.signal(new AbortController().signal).aborted).toBe(true);
  expect(await calls.stop()).toBe(0);
});

test('a call that its caller gives up is given up, and one that has ended listens to nobody', () => {
  const calls = new RunningCalls();
  const [left, ended] = [new AbortController(), new AbortController()];
  const held = calls.enter(caller('bot'), 'default', 'pay');
  const signal = held.signal(left.signal);
  left.abort(new Error('the client went away'));
  expect(signal.reason).toEqual(new Error('the client went away'));
  const other = calls.enter(caller('ann'), 'default', 'pay');
  expect(other.signal(ended.signal)).toBe(other.signal(ended.signal));
  expect(getEventListeners(ended.signal, 'abort')).toHaveLength(1);
  other.leave();
  expect(getEventListeners(ended.signal, 'abort')).toEqual([]);
});

test('one whose outcome is just being recorded is waited for', async () => {
  const calls = new RunningCalls();
  const held = calls.enter(caller('bot'), 'default', 'pay');
  held.settle();
  calls.replace([AGENT]);
  let confirmed = false;
  const stopping = calls.stop().then((stopped) => {
    confirmed = true;
    return stopped;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(confirmed).toBe(false);
  held.leave();
  expect(await stopping).toBe(0);
});
