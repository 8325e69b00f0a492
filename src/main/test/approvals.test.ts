/** Calls that want a person's yes, at the doors: REST, MCP of both eras with the official client, two servers. */
import { createHmac } from 'node:crypto';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { operator } from '#identity';
import { serve as receive } from '../../../test/http-server.ts';
import { agentKey, installation, person, type ApprovalServer, type SignedInPerson } from './approvals.fixture.ts';

const AMOUNT = { amount: 12 };
const MINUTE = 60_000;

async function server(options?: Parameters<typeof installation>[1]) {
  const { serve, clock } = await installation('sqlite', options);
  const running = await serve();
  return { running, clock, key: await agentKey(running), ann: await person(running, clock, 'ann') };
}

/** The page of an approval, and the answer of a person there. */
async function decideOnPage({ browser }: SignedInPerson, url: string): Promise<void> {
  const page = await browser.get(url);
  const done = await browser.decide(page, 'approve');
  expect(done.text).toContain('It is approved');
}

describe('at REST', () => {
  test('a call is refused with the number of an approval, and let through once after the yes', async () => {
    const { running, key, ann } = await server();
    const asked = await running.pay(key, AMOUNT);
    expect(asked).toMatchObject({ status: 403, body: { code: 'APPROVAL_REQUIRED' } });
    const { id, url } = asked.body.approval ?? expect.fail('no number');
    expect(asked.body.error).toContain(id);
    expect(url).toBe(new URL(`/console/approvals/${id}`, running.url).href);
    expect(running.paid).toEqual([]);

    const waiting = await running.api('GET', '/users/me/approvals?which=to-decide', ann.credential);
    expect(waiting.body.items?.map((one) => one.id)).toEqual([id]);
    const shown = await running.api('GET', `/approvals/${id}`, ann.credential);
    expect(shown.body).toMatchObject({ state: 'pending', arguments: AMOUNT, decidable: true });
    const approved = await running.api('POST', `/approvals/${id}/approve`, ann.credential);
    expect(approved).toMatchObject({ status: 200, body: { state: 'approved', arguments: null } });

    expect((await running.pay(key, AMOUNT)).status).toBe(200);
    expect(running.paid).toEqual([AMOUNT]);
    const replayed = await running.pay(key, AMOUNT);
    expect(replayed.status).toBe(403);
    expect(replayed.body.approval?.id).not.toBe(id);
    expect(running.paid).toHaveLength(1);
  });

  test('another byte is another call', async () => {
    const { running, key, ann } = await server();
    const { id } = (await running.pay(key, { to: 'Bolte', amount: 12 })).body.approval ?? expect.fail('no number');
    await running.api('POST', `/approvals/${id}/approve`, ann.credential);
    for (const args of [
      { to: 'Bolte', amount: 120 },
      { to: 'Bolte ', amount: 12 },
      { to: 'Bolt\u0435', amount: 12 },
    ]) {
      const changed = await running.pay(key, args);
      expect(changed).toMatchObject({ status: 403, body: { code: 'APPROVAL_REQUIRED' } });
    }
    // The order of members is none of the values.
    expect((await running.pay(key, { amount: 12, to: 'Bolte' })).status).toBe(200);
    expect(running.paid).toHaveLength(1);
  });

  test('a no says so, with its reason', async () => {
    const { running, key, ann } = await server();
    const { id } = (await running.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
    await running.api('POST', `/approvals/${id}/refuse`, ann.credential, { reason: 'the wrong account' });
    const again = await running.pay(key, AMOUNT);
    expect(again).toMatchObject({ status: 403, body: { code: 'APPROVAL_REFUSED' } });
    expect(again.body.error).toContain('the wrong account');
  });

  test('a yes is good for five minutes, and a request for fifteen', async () => {
    const { running, key, ann, clock } = await server();
    const first = (await running.pay(key, AMOUNT)).body.approval?.id ?? '';
    await running.api('POST', `/approvals/${first}/approve`, ann.credential);
    clock.advance(5 * MINUTE);
    const second = (await running.pay(key, AMOUNT)).body.approval?.id ?? '';
    expect(second).not.toBe(first);
    clock.advance(15 * MINUTE);
    const { browser } = await person(running, clock, 'ben');
    expect((await browser.get(`/console/approvals/${second}`)).text).toContain('It has expired');
  });

  test('a yes of somebody who was disabled since is none', async () => {
    const { running, key, ann } = await server();
    const { id } = (await running.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
    await running.api('POST', `/approvals/${id}/approve`, ann.credential);
    await running.services.users.disable(operator(), ann.id);
    expect(await running.pay(key, AMOUNT)).toMatchObject({ status: 403, body: { code: 'APPROVAL_REQUIRED' } });
    expect(running.paid).toEqual([]);
  });

  test('no key approves, whatever it may do else', async () => {
    const { running, key } = await server();
    const { id } = (await running.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
    const strong = await agentKey(running, 'strong', {
      access: ['read', 'execute', 'admin'],
      roles: ['admin', 'policy_admin'],
    });
    const answered = await running.api('POST', `/approvals/${id}/approve`, strong);
    expect(answered).toMatchObject({ status: 403, body: { code: 'APPROVAL_NEEDS_PERSON' } });
    // And the caller is not even told that there is something to decide.
    expect((await running.api('POST', `/approvals/${id}/approve`, key)).status).toBe(403);
    expect((await running.pay(key, AMOUNT)).status).toBe(403);
    expect(running.paid).toEqual([]);
  });

  test('the caller takes back what it asked for', async () => {
    const { running, key, ann } = await server();
    const { id } = (await running.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
    expect((await running.api('POST', `/approvals/${id}/cancel`, key)).body.state).toBe('cancelled');
    expect((await running.api('POST', `/approvals/${id}/approve`, ann.credential)).body.code).toBe('APPROVAL_OVER');
  });

  test('who may not call is not asked for a yes', async () => {
    const { running } = await server();
    const nobody = await agentKey(running, 'nobody', { roles: [] });
    expect((await running.pay(nobody, AMOUNT)).body.code).toBe('TOOL_UNKNOWN');
  });
});

/** The official client, as it is used. */
async function connect(
  { url }: ApprovalServer,
  key: string,
  mode: 'auto' | 'legacy',
  opened?: (page: string) => Promise<object>,
): Promise<Client> {
  const capabilities = opened === undefined ? {} : { elicitation: { url: {} } };
  const client = new Client({ name: 'test', version: '1' }, { capabilities, versionNegotiation: { mode } });
  if (opened !== undefined)
    client.setRequestHandler(
      'elicitation/create',
      async ({ params }) => (await opened((params as { url: string }).url)) as never,
    );
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), {
    requestInit: { headers: { authorization: `Bearer ${key}` } },
  });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

const call = { name: 'pay', arguments: AMOUNT };

describe('over MCP', () => {
  test('a client of 2026-07-28 is asked to open the page, and finds the call made when the person said yes', async () => {
    const { running, key, ann } = await server();
    const pages: string[] = [];
    const client = await connect(running, key, 'auto', async (url) => {
      pages.push(url);
      await decideOnPage(ann, url);
      return { action: 'accept' };
    });
    const result = await client.callTool(call);
    expect(result.content).toEqual([{ type: 'text', text: 'paid' }]);
    expect(pages).toHaveLength(1);
    expect(running.paid).toEqual([AMOUNT]);
  });

  test.each([
    ['that it opened the page', { action: 'accept' }],
    ['yes, in a form', { action: 'accept', content: { approve: true, decision: 'approve' } }],
    ['that nobody wanted to', { action: 'decline' }],
  ])('what such a client answers counts for nothing: %s', async (_, answer) => {
    const { running, key } = await server();
    let opened = 0;
    const client = await connect(running, key, 'auto', async () => {
      opened++;
      return answer;
    });
    const result = await client.callTool(call);
    expect(result.isError).toBe(true);
    expect(JSON.stringify(result.content)).toContain('needs a yes');
    // It was asked once, and not again and again.
    expect(opened).toBe(1);
    expect(running.paid).toEqual([]);
  });

  test('a client of 2025-11-25 is told the page as an error of the protocol, and makes the call again', async () => {
    const { running, key, ann } = await server();
    const client = await connect(running, key, 'legacy', () => expect.fail('it was asked down the stream'));
    const refused = await client.callTool(call).then(
      () => expect.fail('it went through'),
      (error: unknown) => error as { code: number; data: { elicitations: readonly Record<string, string>[] } },
    );
    expect(refused.code).toBe(-32042);
    const [elicitation = {}] = refused.data.elicitations;
    expect(elicitation).toMatchObject({
      mode: 'url',
      url: expect.stringContaining(elicitation['elicitationId'] ?? '?') as string,
    });
    await decideOnPage(ann, elicitation['url'] ?? '');
    expect((await client.callTool(call)).content).toEqual([{ type: 'text', text: 'paid' }]);
  });

  test.each(['auto', 'legacy'] as const)('a client that opens no pages is told the number (%s)', async (mode) => {
    const { running, key, ann } = await server();
    const client = await connect(running, key, mode);
    const refused = await client.callTool(call);
    expect(refused.isError).toBe(true);
    const told = refused._meta?.['dev.chatelaine/error'] as { approval: { id: string; url: string } } | undefined;
    const { approval } = told ?? expect.fail('no number');
    expect(JSON.stringify(refused.content)).toContain(approval.id);
    await decideOnPage(ann, approval.url);
    expect((await client.callTool(call)).content).toEqual([{ type: 'text', text: 'paid' }]);
  });

  test('a round that ends with the question is on record as a refusal', async () => {
    const { running, key } = await server();
    const client = await connect(running, key, 'auto', async () => ({ action: 'decline' }));
    await client.callTool(call);
    const { records } = await running.services.audit.store.query({ type: 'tool.call' }, { limit: 10 });
    expect(records.map(({ outcome, error }) => `${outcome} ${error}`)).toEqual([
      ...['denied APPROVAL_REQUIRED', 'denied APPROVAL_REQUIRED'],
    ]);
  });
});

describe('a system elsewhere', () => {
  const secret = 'thirty two characters of a secret';
  const webhook = (url: string, more: object = {}) => ({ webhook: { url: `${url}/hook`, secret, ...more } });

  test('hears of a request, answers, and the call is made', async () => {
    await using receiver = await receive((_, response) => response.writeHead(204).end());
    const deciders = [{ name: 'board', secret, approves: [''] }];
    const approvals = { ...webhook(receiver.url, { allowPrivateNetworks: true }), deciders };
    const { running, key } = await server({ approvals });
    const asked = (await running.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), { timeout: 10_000 });
    const news = JSON.parse(receiver.received[0]?.body ?? '') as { readonly data: { readonly approval: string } };
    expect(news.data.approval).toBe(asked.id);
    const body = JSON.stringify({ approval: news.data.approval, verdict: 'approve' });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const mac = createHmac('sha256', secret).update(`msg-1.${timestamp}.${body}`).digest('base64');
    const decide = (signature: string) =>
      fetch(new URL(`/api/v1/approvals/${asked.id}/decision`, running.url), {
        ...{ method: 'POST', body },
        headers: {
          ...{ 'webhook-id': 'msg-1', 'webhook-timestamp': timestamp, 'webhook-key-id': 'board' },
          'webhook-signature': signature,
        },
      });
    expect((await decide(`v1,${mac.toLowerCase()}`)).status).toBe(401);
    expect((await decide(`v1,${mac}`)).status).toBe(200);
    expect((await decide(`v1,${mac}`)).status).toBe(409);
    expect((await running.pay(key, AMOUNT)).status).toBe(200);
  });

  test('is not reached in the network behind the server unless the configuration says so', async () => {
    await using receiver = await receive((_, response) => response.writeHead(204).end());
    const { running, key } = await server({ approvals: webhook(receiver.url) });
    await running.pay(key, AMOUNT);
    const told = () =>
      running.services.database.db.selectFrom('approvals').select('notify_attempts').executeTakeFirst();
    await vi.waitFor(async () => expect((await told())?.notify_attempts).toBeGreaterThan(0), { timeout: 10_000 });
    expect(receiver.connections()).toBe(0);
  });

  test('is not there where nobody configured one', async () => {
    const { running, key } = await server();
    const { id } = (await running.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
    const sent = await fetch(new URL(`/api/v1/approvals/${id}/decision`, running.url), { method: 'POST', body: '{}' });
    expect(sent.status).toBe(404);
  });
});

describe('two servers on PostgreSQL', () => {
  test('one asks, the other hears the yes, and of many calls at both one goes through', async () => {
    const { serve, clock } = await installation('postgres');
    const [here, there] = [await serve(), await serve()];
    const key = await agentKey(here);
    const ann = await person(there, clock, 'ann');
    const { id } = (await here.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
    expect((await there.pay(key, AMOUNT)).body.approval?.id).toBe(id);
    await there.api('POST', `/approvals/${id}/approve`, ann.credential);
    const calls = Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? here : there).pay(key, AMOUNT));
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect([...here.paid, ...there.paid]).toEqual([AMOUNT]);
  });

  test('what waited when one ended is there when another begins', async () => {
    const { serve, clock } = await installation('postgres');
    const before = await serve();
    const key = await agentKey(before);
    const { id } = (await before.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
    await before.close();
    const after = await serve();
    const ann = await person(after, clock, 'ann');
    expect((await after.pay(key, AMOUNT)).body.approval?.id).toBe(id);
    await decideOnPage(ann, `/console/approvals/${id}`);
    expect((await after.pay(key, AMOUNT)).status).toBe(200);
  });
});
