/** A client of either era before a server of either era: nothing is lost between them, and nobody is asked in vain. */
import { afterEach, describe, expect, it } from 'vitest';
import { person, saidIn, type Person } from './federated-client.fixture.ts';
import { closeAll, federate, serverDocument, upstream } from './federation.fixture.ts';
import type { JsonObject } from '#kernel';
import type { Era, Upstream } from '../../../test/mcp-upstream.ts';

let people: Person[] = [];
afterEach(async () => {
  for (const one of people.splice(0)) await one.close();
  await closeAll();
});

const ERAS: readonly Era[] = ['stateless', 'session'];
const PAIRS = ERAS.flatMap((client) => ERAS.map((server) => ({ client, server })));

async function between(
  { client, server }: { client: Era; server: Era },
  options: Parameters<typeof person>[2] = {},
): Promise<{ server: Upstream; ada: Person; url: string }> {
  const far = await upstream(server);
  const { url } = await federate([serverDocument('far', far.url)]);
  const ada = await person(`${url}/mcp/s/default/far`, client, options);
  people.push(ada);
  return { server: far, ada, url };
}

describe.each(PAIRS)('a $client client before a $server server', (pair) => {
  it('calls; members that nobody knows come through', async () => {
    const { ada } = await between(pair);
    expect(saidIn(await ada.call('echo', { text: 'ü', region: 'é' }))).toEqual({ text: 'ü', region: 'é' });
    expect(await ada.call('odd')).toMatchObject({
      structuredContent: { pi: 2.5000000000000004 },
      'x-member': { deep: [null, { y: 1 }] },
      _meta: { 'com.example/kept': 7 },
    });
  });

  it('finds a tool that the server has for clients that can sample', async () => {
    const { ada } = await between(pair);
    expect(saidIn(await ada.call('sampled'))).toBe('called sampled');
    expect((await ada.client.listTools()).tools.map(({ name }) => name)).toContain('sampled');
  });

  it('sends null for what it leaves open, and nothing for it reaches the server (SEP-2243)', async () => {
    const { ada } = await between(pair);
    expect(saidIn(await ada.call('echo', { text: 'ü', region: null }))).toEqual({ text: 'ü' });
    expect(await ada.call('echo', { text: 'ü', unknown: null })).toMatchObject({ isError: true });
  });

  it('hears all progress in order, and none after the answer', async () => {
    const { ada } = await between(pair);
    const heard: unknown[] = [];
    await ada.call('progress', {}, { onprogress: ({ progress }) => void heard.push(progress) });
    heard.push('answer');
    await ada.call('echo');
    expect(heard).toEqual([...Array.from({ length: 20 }, (_, at) => at + 1), 'answer']);
  });

  it.each([
    ['sampling', { role: 'assistant', model: 'm', content: { type: 'text', text: 'Ada' } }],
    ['elicitation', { action: 'accept', content: { who: 'Ada' } }],
    ['roots', { roots: [{ uri: 'file:///Ada' }] }],
  ])('is asked for %s, and the server has the answer', async (kind, answer) => {
    const { ada } = await between(pair);
    const said = saidIn(await ada.call('ask', { kind }));
    if (pair.server === 'session') expect(said).toEqual(answer);
    else expect(said).toEqual([answer, 'sealed-by-upstream']);
    expect(ada.asked).toHaveLength(1);
  });

  it('is asked twice in one call, under one key of the server', async () => {
    const { ada } = await between(pair);
    const answer = { action: 'accept', content: { who: 'Ada' } };
    expect(saidIn(await ada.call('twice'))).toEqual([answer, answer]);
    expect(ada.asked).toEqual(['form: who?', 'form: who?']);
  });

  it('is asked three things at once, in one round where there are rounds', async () => {
    const { ada } = await between(pair);
    const answers = saidIn(await ada.call('together')) as JsonObject[];
    expect(answers).toMatchObject([{ model: 'm' }, { action: 'accept' }, { roots: [{ uri: 'file:///Ada' }] }]);
    expect(ada.asked.toSorted()).toEqual(['form: who?', 'roots', 'sampling']);
    if (pair.client === 'session') return;
    const stopped = await ada.client.callTool({ name: 'together', arguments: {} }, {
      inputRequired: { autoFulfill: false },
      allowInputRequired: true,
    } as never);
    expect(Object.keys((stopped as unknown as JsonObject)['inputRequests'] as JsonObject)).toHaveLength(3);
  });

  it('calls off what it no longer wants', async () => {
    const { ada, server } = await between(pair);
    const controller = new AbortController();
    const running = ada.call(
      'wait',
      { label: 'one' },
      { signal: controller.signal, onprogress: () => controller.abort() },
    );
    await expect(running).rejects.toThrow(/abort/i);
    await expect.poll(() => server.calledOff, { timeout: 10_000 }).toEqual(['one']);
  });

  it('has prompts, resources, templates and completion', async () => {
    const { ada } = await between(pair);
    const { prompts } = await ada.client.listPrompts();
    expect(prompts).toMatchObject([{ name: 'trip', title: 'Plan' }]);
    expect(await ada.client.getPrompt({ name: 'trip', arguments: { city: 'Bern' } })).toMatchObject({
      description: 'A trip.',
      messages: [{ role: 'user', content: { type: 'text', text: 'Plan Bern' } }],
    });
    expect((await ada.client.listResources()).resources).toMatchObject([{ uri: 'test://readme', name: 'readme' }]);
    expect((await ada.client.listResourceTemplates()).resourceTemplates).toMatchObject([{ name: 'item' }]);
    for (const uri of ['test://readme', 'test://item/7', 'test://listed/nowhere'])
      expect((await ada.client.readResource({ uri })).contents).toMatchObject([{ uri, text: `at ${uri}` }]);
    await expect(ada.client.readResource({ uri: 'test://missing' })).rejects.toThrow(/no resource/);
    const { completion } = await ada.client.complete({
      ref: { type: 'ref/prompt', name: 'trip' },
      argument: { name: 'city', value: 'Be' },
    });
    expect(completion.values).toEqual(['Bern']);
  });

  it('learns that a page has to be opened, each in its own way (URL elicitation)', async () => {
    const { ada } = await between(pair);
    const first = ada.call('page', { label: 'a' });
    if (pair.client === 'stateless' || pair.server === 'stateless') {
      expect(saidIn(await first)).toBe('connected');
      expect(ada.asked).toEqual(['url: connect your account']);
    } else {
      await expect(first).rejects.toMatchObject({ code: -32042 });
      expect(saidIn(await ada.call('page', { label: 'a' }))).toBe('connected');
    }
  });

  it('reads the server’s own error, and not a fault of ours', async () => {
    const { ada } = await between(pair);
    expect(await ada.call('fail')).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: expect.stringContaining('the seventh column is not there') as string }],
    });
  });
});

describe.each(ERAS)('a server of the %s era', (era) => {
  it('is told of what the client can do, and of nothing else', async () => {
    const { ada } = await between({ client: 'session', server: era }, { capabilities: { roots: {} } });
    const said = ada.call('ask', { kind: 'elicitation' });
    if (era === 'session') expect(await said).toMatchObject({ isError: true });
    else await expect(said).rejects.toMatchObject({ code: -32021 });
    expect(ada.asked).toEqual([]);
  });
});

it('messages of the server reach a session at its level', async () => {
  for (const era of ERAS) {
    const { ada } = await between({ client: 'session', server: era });
    await ada.client.setLoggingLevel('error');
    await ada.call('log');
    expect(ada.logs.map(({ level }) => level)).toEqual(['error']);
    await ada.client.setLoggingLevel('debug');
    await ada.call('log');
    expect(ada.logs.map(({ level }) => level)).toEqual(['error', 'debug', 'info', 'error']);
  }
});
