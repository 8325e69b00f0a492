/** What every connection does, whatever it speaks: run against servers of the official SDKs. */
import type { InputRequest } from '#contract';
import type { JsonObject } from '#kernel';
import { afterEach, expect, it } from 'vitest';
import { ServerError, type RequestOptions, type ServerConnection } from '../server-connection.ts';
import { closeAll, open, type RunningServer } from './reference-servers.fixture.ts';

export const never = (): AbortSignal => new AbortController().signal;

export const call = (
  connection: ServerConnection,
  name: string,
  args: JsonObject = {},
  options: Partial<RequestOptions> & { meta?: JsonObject; params?: JsonObject } = {},
): Promise<JsonObject> => {
  const { meta, params, ...rest } = options;
  return connection.request(
    'tools/call',
    { name, arguments: args, ...params, ...(meta !== undefined && { _meta: meta }) },
    { signal: never(), ...rest },
  );
};

export const textOf = (result: JsonObject): unknown =>
  JSON.parse((result['content'] as { text: string }[])[0]?.text ?? '');

/** Asks until the answer is true: for what another process does in its own time. */
async function eventually(question: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if ((await question()) === true) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come about');
}

export interface ContractSubject {
  readonly serve: () => Promise<RunningServer>;
  readonly era: 'stateless' | 'session';
  readonly version: string;
  /** Whether the server tells of changed lists on this transport in the SDK's own wiring. */
  readonly news?: boolean;
}

export function itIsAServerConnection({ serve, era, version, news = true }: ContractSubject): void {
  afterEach(closeAll);

  it('agrees on era and revision, and knows what the server says of itself', async () => {
    const connection = await open((await serve()).target);
    expect(connection).toMatchObject({
      era,
      version,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: 'reference' },
      instructions: 'Call anything.',
    });
  });

  it('lists and calls; members that nobody knows come through as they are', async () => {
    const connection = await open((await serve()).target);
    const list = await connection.request('tools/list', {}, { signal: never() });
    expect(list).toMatchObject({ 'x-page': 1 });
    expect((list['tools'] as JsonObject[])[0]).toMatchObject({ name: 'echo', 'x-unknown': { of: 'echo' } });
    const result = await call(connection, 'odd');
    expect(result).toMatchObject({
      structuredContent: { third: 0.3333333333333333, big: 9007199254740991 },
      'x-member': { deep: [null, { 'y-z': 1 }] },
    });
  });

  it('delivers all progress in order under the caller’s token, and none after the result', async () => {
    const connection = await open((await serve()).target);
    const heard: unknown[] = [];
    const notified = (method: string, params: JsonObject): void =>
      void heard.push([method, params['progressToken'], params['progress']]);
    await call(connection, 'progress', { steps: 50 }, { notified, meta: { progressToken: 'mine' } });
    heard.push('result');
    await call(connection, 'echo', { text: 1 });
    expect(heard).toEqual([
      ...Array.from({ length: 50 }, (_, at) => ['notifications/progress', 'mine', at + 1]),
      'result',
    ]);
  });

  it('rejects with code and data of the server’s error', async () => {
    const connection = await open((await serve()).target);
    const failure = await call(connection, 'fail').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServerError);
    expect(failure).toMatchObject({ code: -32050, data: { column: 7, 'x-odd': ['kept'] } });
    expect((failure as Error).message).toContain('the seventh column is not there');
  });

  it('tells the server of an abort, and rejects with its reason', async () => {
    const connection = await open((await serve()).target);
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = call(
      connection,
      'wait',
      { label: 'aborted' + version },
      { signal: controller.signal, notified: () => controller.abort(reason), meta: { progressToken: 1 } },
    );
    await expect(running).rejects.toBe(reason);
    await eventually(async () => textOf(await call(connection, 'called_off', { label: 'aborted' + version })));
  });

  it.runIf(news)('passes on that a list has changed', async () => {
    const connection = await open((await serve()).target);
    const { promise, resolve } = Promise.withResolvers<string>();
    const stop = connection.onNews(resolve);
    let heard = false;
    void promise.then(() => (heard = true));
    // The stream that brings it opens in its own time.
    await eventually(async () => {
      if (!heard) await call(connection, 'change');
      return heard;
    });
    expect(await promise).toBe('notifications/tools/list_changed');
    stop();
  });

  it('never mixes answers of two connections under a thousand parallel calls (CVE-2026-25536)', async () => {
    const server = await serve();
    const [left, right] = await Promise.all([open(server.target), open(server.target)]);
    const texts = Array.from({ length: 1000 }, (_, at) => `${at % 2 === 0 ? 'left' : 'right'} ${at}`);
    const answers = await Promise.all(
      texts.map(async (text, at) =>
        textOf(await call(at % 2 === 0 ? left : right, 'echo', { text, ms: (at * 7) % 20 })),
      ),
    );
    expect(answers).toEqual(texts);
  }, 60_000);

  it('says clearly when it was closed, and closes twice', async () => {
    const connection = await open((await serve()).target);
    let told = 0;
    connection.onEnd(() => told++);
    const running = call(connection, 'wait', { label: 'closed' });
    const lost = expect(running).rejects.toMatchObject({ code: 'SERVER_LOST' });
    await connection.close();
    await connection.close();
    await lost;
    await expect(call(connection, 'echo')).rejects.toMatchObject({ code: 'SERVER_CONNECTION_ENDED' });
    expect(told).toBe(0);
  });

  if (era === 'session') {
    it.each([
      [
        'sampling/createMessage',
        { messages: [], maxTokens: 1 },
        { role: 'assistant', model: 'm', content: { type: 'text', text: 'hi' } },
      ],
      [
        'elicitation/create',
        { mode: 'form', message: 'who?', requestedSchema: { type: 'object', properties: {} } },
        { action: 'accept', content: {} },
      ],
      ['roots/list', {}, { roots: [{ uri: 'file:///r' }] }],
    ])('has %s answered while the call runs that it belongs to', async (method, params, answer) => {
      const connection = await open((await serve()).target);
      const asked: InputRequest[] = [];
      const result = await call(
        connection,
        'ask',
        { method, params },
        { asked: (request) => Promise.resolve((asked.push(request), answer as JsonObject)) },
      );
      expect(asked).toMatchObject([{ method, params: method === 'roots/list' ? {} : params }]);
      expect(textOf(result)).toEqual(answer);
    });

    it('tells the server of a question that is refused, and refuses it where nobody answers', async () => {
      const connection = await open((await serve()).target);
      const asked = (): Promise<JsonObject> => Promise.reject(new ServerError(-1, 'the person said no', undefined));
      await expect(call(connection, 'ask', { method: 'roots/list' }, { asked })).rejects.toThrow('the person said no');
      await expect(call(connection, 'ask', { method: 'roots/list' })).rejects.toThrow('nobody behind');
    });

    it('does not ask what the client did not declare', async () => {
      const connection = await open((await serve()).target, { capabilities: {} });
      let asked = 0;
      const answer = call(
        connection,
        'ask',
        { method: 'roots/list' },
        { asked: () => Promise.resolve({ asked: asked++ }) },
      );
      await expect(answer).rejects.toThrow(/did not declare|roots/);
      expect(asked).toBe(0);
    });
  } else {
    it('passes `input_required` through, and the answers back (MRTR)', async () => {
      const connection = await open((await serve()).target);
      const first = await call(connection, 'rounds');
      expect(first).toMatchObject({
        resultType: 'input_required',
        requestState: 'sealed',
        inputRequests: { who: { method: 'elicitation/create' } },
      });
      const inputResponses = { who: { action: 'accept', content: { name: 'Ada' } } };
      const second = await call(connection, 'rounds', {}, { params: { inputResponses, requestState: 'sealed' } });
      expect(textOf(second)).toMatchObject(inputResponses);
    });

    it('says with every request who asks and what they can do (MCP 2026-07-28, `_meta`)', async () => {
      const connection = await open((await serve()).target, { capabilities: { elicitation: { form: {} } } });
      expect(textOf(await call(connection, 'meta', {}, { meta: { 'com.example/kept': 1 } }))).toMatchObject({
        'io.modelcontextprotocol/clientInfo': { name: 'chatelaine-test' },
        'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
        'com.example/kept': 1,
      });
    });
  }
}
