/** One connection of several callers, with a credential that is the server's own: nobody hears what is another's. */
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '#kernel';
import { logOf, saidBefore, together } from './far-log.fixture.ts';
import { person, saidIn, type Person } from './federated-client.fixture.ts';
import { closeAll, federate, serverDocument, upstream } from './federation.fixture.ts';
import { ALICE, BOB } from './gateway.fixture.ts';
import type { Era, Upstream } from '../../../test/mcp-upstream.ts';

let people: Person[] = [];
afterEach(async () => {
  for (const one of people.splice(0)) await one.close();
  await closeAll();
});

const TOKEN = ['of', 'the', 'server'].join('-');
const SHARED = 'shared: true\nauth: { secret: "secret://default/far" }\n';

async function shared(more = SHARED): Promise<{ far: Upstream; url: string; sessions: () => number }> {
  const far = await upstream('session');
  const secrets = {
    read: async () => ({
      material: { kind: 'bearer', token: new Secret(TOKEN) } as const,
      version: '1',
      endsAt: undefined,
    }),
  };
  const { url } = await federate([serverDocument('far', far.url, more)], { secrets });
  const before = far.sessions();
  return { far, url, sessions: () => far.sessions() - before };
}

async function join(url: string, era: Era, options?: Parameters<typeof person>[2]): Promise<Person> {
  const one = await person(`${url}/mcp`, era, options);
  people.push(one);
  return one;
}

describe('a session server with `shared: true`', () => {
  it('has one session of all callers, and each caller their own answers, progress and messages (invariant 26)', async () => {
    const { far, url, sessions } = await shared();
    const callers = [await join(url, 'session'), await join(url, 'stateless', { key: BOB, name: 'Bob' })];
    const heard = await Promise.all(
      callers.map(async (one, at) => {
        const steps: unknown[] = [];
        const [said] = await Promise.all([
          one.call('far_echo', { text: `canary ${at}` }),
          one.call('far_progress', {}, { onprogress: ({ progress }) => void steps.push(progress) }),
        ]);
        return [saidIn(said), steps];
      }),
    );
    const steps = Array.from({ length: 20 }, (_, at) => at + 1);
    expect(heard).toEqual(callers.map((_, at) => [{ text: `canary ${at}` }, steps]));
    together(far, 3);
    const said = await Promise.all([
      logOf(url, 'ada', 'debug', ALICE),
      logOf(url, 'bob', 'error', BOB),
      logOf(url, 'nobody', undefined, BOB),
    ]);
    expect(said.map((messages) => saidBefore(messages).length)).toEqual([3, 1, 0]);
    expect(JSON.stringify(said[0])).not.toContain('bob');
    expect(JSON.stringify(said[1])).not.toContain('ada');
    expect(sessions()).toBe(1);
  });

  it('is sent its own credential in everybody’s name, and nobody’s own', async () => {
    const { far, url } = await shared();
    await (await join(url, 'session')).call('far_echo');
    await (await join(url, 'stateless', { key: BOB })).call('far_echo');
    expect(new Set(far.requests.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${TOKEN}`]));
  });

  it('can ask nobody: it could not say whom', async () => {
    const { url } = await shared();
    const ada = await join(url, 'session');
    expect(await ada.call('far_ask', { kind: 'elicitation' })).toMatchObject({ isError: true });
    expect(ada.asked).toEqual([]);
  });
});

describe.each([
  ['shared', SHARED, 1],
  ['of each caller', '', 2],
])('in a session that is %s', (_, more, count) => {
  it('what a server says late of a call that was called off reaches no other caller', async () => {
    const { far, url, sessions } = await shared(more);
    const ada = await join(url, 'session');
    const bob = await join(url, 'session', { key: BOB });
    await ada.call('far_echo');
    const ending = new AbortController();
    const late = ada.call(
      'far_late',
      { label: 'ada’s secret' },
      { signal: ending.signal, onprogress: () => ending.abort() },
    );
    const calledOff = expect(late).rejects.toThrow(/abort/i);
    const release = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    far.offer.gate = () => (begun.resolve(), release.promise);
    const running = bob.call('far_log', { label: 'bob’s own' });
    await begun.promise;
    await calledOff;
    await expect.poll(() => far.calledOff, { timeout: 20_000 }).toEqual(['ada’s secret']);
    release.resolve();
    await running;
    expect(bob.logs.map(({ data }) => data)).toEqual(['info', 'error'].map((at) => ({ at, label: 'bob’s own' })));
    expect(sessions()).toBe(count);
  });
});
