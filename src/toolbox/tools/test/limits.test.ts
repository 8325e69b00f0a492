import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { testCall } from '../../test/toolbox.fixture.ts';
import { DEFAULT_LIMITS, runWithin } from '../limits.ts';
import type { RunContext, ToolBody, ToolOutput } from '../tool-type.ts';

const limits = { ...DEFAULT_LIMITS, readOnly: false };
const done: ToolOutput = { kind: 'value', value: 'done' };
const body = (run: (context: RunContext) => Promise<ToolOutput>): ToolBody => ({
  run: (_args, context) => run(context),
});
const never = () => new Promise<ToolOutput>(() => {});

test('a body that outlives its timeout is told so through its signal, with the same error as the caller', async () => {
  let reason: unknown;
  const listening = body(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject((reason = signal.reason) as Error))),
  );
  const run = runWithin('slow', listening, {}, testCall(), { ...limits, timeoutMs: 20 }, () => {});
  await expect(run).rejects.toMatchObject({
    code: 'TOOL_TIMEOUT',
    message: '`slow` ran longer than 20 ms and was stopped',
  });
  await expect(run).rejects.toBe(reason);
});

test('a body that listens to nothing ends for its caller all the same, and is counted out when it really ends', async () => {
  let ended = 0;
  const work = Promise.withResolvers<ToolOutput>();
  const run = runWithin(
    'deaf',
    body(() => work.promise),
    {},
    testCall(),
    { ...limits, timeoutMs: 10 },
    () => ended++,
  );
  await expect(run).rejects.toMatchObject({ code: 'TOOL_TIMEOUT' });
  expect(ended).toBe(0);
  work.resolve(done);
  await work.promise;
  expect(ended).toBe(1);
});

test('a signal that is asked for after the time is up is aborted already', async () => {
  let late: Promise<AbortSignal> | undefined;
  const dawdling = body((context) => {
    late = new Promise((resolve) => void setTimeout(() => resolve(context.signal), 40));
    return never();
  });
  await expect(runWithin('late', dawdling, {}, testCall(), { ...limits, timeoutMs: 5 }, () => {})).rejects.toThrow(
    'ran longer than 5 ms',
  );
  expect((await late)?.aborted).toBe(true);
});

test("the caller's abort reaches the body with its reason, also when it came first", async () => {
  const seen: unknown[] = [];
  for (const first of [true, false]) {
    const caller = new AbortController();
    if (first) caller.abort(new Error('gone'));
    const listening = body(({ signal }) => {
      const { promise, reject } = Promise.withResolvers<ToolOutput>();
      const leave = () => {
        seen.push(signal.reason);
        reject(signal.reason);
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave);
      return promise;
    });
    const run = runWithin('t', listening, {}, testCall({ signal: caller.signal }), limits, () => {});
    if (!first) caller.abort(new Error('gone'));
    await expect(run).rejects.toThrow('gone');
  }
  expect(seen.map(String)).toEqual(['Error: gone', 'Error: gone']);
});

test('a call that nobody can abort never asks for its signal', async () => {
  const call = {
    ...testCall(),
    get signal(): AbortSignal {
      throw new Error('asked');
    },
  };
  await expect(
    runWithin(
      't',
      body(() => Promise.resolve(done)),
      {},
      call,
      limits,
      () => {},
    ),
  ).resolves.toBe(done);
});

test('the context has every limit of the tool, and a signal that follows the caller', async () => {
  const caller = new AbortController();
  const reading = body(async ({ timeoutMs, maxRows, maxBytes, readOnly, signal }) => {
    caller.abort(new Error('gone'));
    return { kind: 'value', value: [timeoutMs, maxRows, maxBytes, readOnly, signal.aborted] };
  });
  await expect(
    runWithin('t', reading, {}, testCall({ signal: caller.signal }), { ...limits, readOnly: true }, () => {}),
  ).resolves.toEqual({ kind: 'value', value: [30_000, 10_000, 1024 ** 2, true, true] });
});

test('a context has fast properties: with accessors in a literal, each would leave a map in the old generation', () => {
  setFlagsFromString('--allow-natives-syntax');
  const isFast = runInThisContext('(value) => %HasFastProperties(value)') as (value: unknown) => boolean;
  let context: RunContext | undefined;
  const keeping = body((given) => {
    context = given;
    return Promise.resolve(done);
  });
  void runWithin('t', keeping, {}, testCall(), limits, () => {});
  expect(isFast(context)).toBe(true);
  const literal = {
    get signal() {
      return context?.signal;
    },
    get client() {
      return context?.client;
    },
  };
  expect(isFast(literal)).toBe(false);
});

test('an answer that is there at once is given at once, and the call is counted out', () => {
  let ended = 0;
  expect(runWithin('t', { run: () => done }, {}, testCall(), limits, () => ended++)).toBe(done);
  expect(ended).toBe(1);
});

test('time that a person takes to answer does not count', async () => {
  const asked = Promise.withResolvers<Record<string, never>>();
  const asking = body(async ({ client }) => {
    await client.request({});
    return done;
  });
  const call = testCall();
  const run = runWithin(
    't',
    asking,
    {},
    { ...call, client: { ...call.client, request: () => asked.promise } },
    { ...limits, timeoutMs: 30 },
    () => {},
  );
  setTimeout(() => asked.resolve({}), 120);
  await expect(run).resolves.toBe(done);
});

test('after the answer the rest of the time counts on', async () => {
  const asking = body(async ({ client }) => {
    await client.request({});
    return never();
  });
  await expect(runWithin('t', asking, {}, testCall(), { ...limits, timeoutMs: 30 }, () => {})).rejects.toMatchObject({
    code: 'TOOL_TIMEOUT',
  });
});

test.each([
  [
    'thrown at once',
    () => {
      throw new TypeError('boom');
    },
  ],
  ['rejected', () => Promise.reject(new TypeError('boom'))],
])('an error %s passes as it is, and the call is counted out', async (_title, run) => {
  let ended = 0;
  await expect(runWithin('t', { run }, {}, testCall(), limits, () => ended++)).rejects.toThrow(new TypeError('boom'));
  expect(ended).toBe(1);
});
