import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Secret, silentLogger } from '#kernel';
import { ApprovalNotices, loadAnswerDoor, type PostMessage } from '#registry';
import { signedHeaders, verifyMessage } from '../webhook/standard-webhook.ts';
import { MINUTE, startDesk, type TestDesk } from './approvals.fixture.ts';

/** The key that the specification's example is signed with. */
const PUBLISHED = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const DECIDERS = [{ name: 'board', secret: PUBLISHED, approves: ['group:finance'] }];

describe('a signed message', () => {
  // The example of the documentation of Standard Webhooks.
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const body = '{"test": 2432232314}';
  const now = 1_614_265_330_000;
  const secret = new Secret(PUBLISHED);

  test('has the signature that the specification’s example has', () => {
    expect(signedHeaders({ id, body }, { secret, keyId: 'k', now })).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      'webhook-key-id': 'k',
    });
  });

  const headers: Readonly<Record<string, string>> = signedHeaders({ id, body }, { secret, keyId: 'k', now });
  test.each<readonly [string, Readonly<Record<string, string | undefined>>, string, number]>([
    ['another body', headers, `${body} `, now],
    ['another id', { ...headers, 'webhook-id': 'msg_2' }, body, now],
    ['another time', { ...headers, 'webhook-timestamp': '1614265331' }, body, now],
    ['no signature of that version', { ...headers, 'webhook-signature': 'v2,AAAA' }, body, now],
    ['a signature that is empty', { ...headers, 'webhook-signature': 'v1,' }, body, now],
    ['a missing header', { ...headers, 'webhook-timestamp': undefined }, body, now],
    ['five minutes of age', headers, body, now + 5 * MINUTE + 1000],
    ['a clock that is five minutes behind', headers, body, now - 5 * MINUTE - 1000],
    ['an id with a full stop, which another text could share', { ...headers, 'webhook-id': 'a.b' }, body, now],
  ])('does not count with %s', (_, sent, text, at) => {
    expect(verifyMessage((name) => sent[name], text, { secret, now: at }).ok).toBe(false);
  });

  test('counts when one of several signatures is of the key', () => {
    const rotated = { ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` };
    expect(verifyMessage((name) => rotated[name as keyof typeof rotated], body, { secret, now })).toMatchObject({
      ok: true,
      value: id,
    });
  });
});

/** The door for answers, behind a listener. */
async function serveDoor(desk: TestDesk): Promise<URL> {
  const door = await loadAnswerDoor({
    approvals: desk.approvals,
    trail: desk.identity.frame.trail,
    clock: desk.clock,
    log: silentLogger,
  });
  const server = createServer((request, response) => {
    void door.handle(request, response, { requestId: 'r-1', address: '192.0.2.5', headers: [] });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

interface Answered {
  readonly id?: string;
  readonly approval?: string;
  readonly verdict?: string;
  readonly message?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly at?: number;
}

async function answer(desk: TestDesk, url: URL, { id = '', ...more }: Answered): Promise<string> {
  const body = JSON.stringify({ approval: more.approval ?? id, verdict: more.verdict ?? 'approve' });
  const signed = signedHeaders(
    { id: more.message ?? 'msg-1', body },
    { secret: new Secret(more.secret ?? PUBLISHED), keyId: more.key ?? 'board', now: more.at ?? desk.clock.now() },
  );
  const sent = await fetch(new URL(`/api/v1/approvals/${id}/decision`, url), { method: 'POST', body, headers: signed });
  const told = (await sent.json()) as { readonly state?: string; readonly code?: string };
  return told.state ?? told.code ?? String(sent.status);
}

describe('the signed answer of a decider', () => {
  test('is one approver, on record by its name', async () => {
    const desk = await startDesk('sqlite', { settings: { deciders: DECIDERS } });
    const url = await serveDoor(desk);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const needs = ['', 'group:finance'];
    const { id } = await desk.claim(claude, {}, { needs });
    expect(await answer(desk, url, { id })).toBe('pending');
    expect((await desk.claim(claude, {}, { needs })).outcome).toBe('APPROVAL_REQUIRED');
    await desk.approve(ann, id);
    expect((await desk.claim(claude, {}, { needs })).outcome).toBe('let through');
    const actors = desk.records.filter(({ type }) => type === 'approval.approved').map(({ actor }) => actor.sub);
    expect(actors).toContain('webhook:board');
  });

  test('counts for what it was given, and for nothing else', async () => {
    const desk = await startDesk('sqlite', { settings: { deciders: DECIDERS } });
    const url = await serveDoor(desk);
    const { id } = await desk.claim(await desk.agent('claude'), {}, { needs: ['role:admin'] });
    expect(await answer(desk, url, { id })).toBe('APPROVAL_NOT_YOURS');
  });

  test('does not count twice, late, by another key, or for another approval', async () => {
    const desk = await startDesk('sqlite', { settings: { deciders: DECIDERS } });
    const url = await serveDoor(desk);
    const claude = await desk.agent('claude');
    const needs = ['group:finance'];
    const [{ id }, other] = [
      await desk.claim(claude, { n: 1 }, { needs }),
      await desk.claim(claude, { n: 2 }, { needs }),
    ];
    const refused = 'APPROVAL_ANSWER_REFUSED';
    expect(await answer(desk, url, { id, at: desk.clock.now() - 6 * MINUTE })).toBe(refused);
    expect(await answer(desk, url, { id, secret: 'another key of 24 characters' })).toBe(refused);
    expect(await answer(desk, url, { id, key: 'nobody' })).toBe(refused);
    expect(await answer(desk, url, { id, approval: other.id })).toBe(refused);
    expect(await answer(desk, url, { id, verdict: 'Approve' })).toBe(refused);
    expect(desk.records.filter(({ type }) => type === 'approval.answer-refused')).toHaveLength(5);
    expect(await answer(desk, url, { id })).toBe('approved');
    expect(await answer(desk, url, { id })).toBe('APPROVAL_OVER');
    // The same message for another approval, signed anew: an id counts once.
    expect(await answer(desk, url, { id: other.id })).toBe('APPROVAL_OVER');
    expect(await answer(desk, url, { id: other.id, message: 'msg-2', verdict: 'refuse' })).toBe('refused');
  });
});

test('what nobody signed is on record one by one up to a number, and counted beyond it', async () => {
  const desk = await startDesk('sqlite', { settings: { deciders: DECIDERS } });
  const url = await serveDoor(desk);
  const { id } = await desk.claim(await desk.agent('claude'));
  for (let n = 0; n < 40; n++) await answer(desk, url, { id, key: 'nobody' });
  expect(desk.records.filter(({ type }) => type === 'approval.answer-refused')).toHaveLength(30);
});

describe('the news of a request', () => {
  const webhook = { url: 'https://receiver.test/hook', secret: PUBLISHED, keyId: '2027' };

  /** A receiver that answers as it is told. */
  function receiver(statuses: number[]) {
    const got: Parameters<PostMessage>[0][] = [];
    const post: PostMessage = async (message) => {
      got.push(message);
      const status = statuses.shift() ?? 204;
      if (status === 0) throw new Error('nobody there');
      return status;
    };
    return { got, post };
  }

  test('is signed, and names everything but the arguments', async () => {
    const desk = await startDesk('sqlite', { settings: { webhook } });
    const { got, post } = receiver([]);
    const { id } = await desk.claim(await desk.agent('claude'), { to: 'Widow Bolte' });
    expect(await new ApprovalNotices(desk.approvals.parts, post, silentLogger).tell()).toBe(1);
    const [{ headers, body, url } = expect.fail('nothing was sent')] = got;
    expect(url.href).toBe(webhook.url);
    expect(headers['webhook-key-id']).toBe('2027');
    expect(
      verifyMessage((name) => headers[name], body, { secret: new Secret(PUBLISHED), now: desk.clock.now() }).ok,
    ).toBe(true);
    expect(JSON.parse(body)).toMatchObject({ type: 'approval.requested', data: { approval: id, tool: 'pay' } });
    expect(body).not.toContain('Bolte');
  });

  test('has the arguments where the configuration says so', async () => {
    const desk = await startDesk('sqlite', { settings: { webhook: { ...webhook, arguments: true } } });
    const { got, post } = receiver([]);
    await desk.claim(await desk.agent('claude'), { to: 'Widow Bolte' });
    await new ApprovalNotices(desk.approvals.parts, post, silentLogger).tell();
    expect(got[0]?.body).toContain('Widow Bolte');
  });

  test('is told again until it was taken, less and less often, under the same id', async () => {
    const desk = await startDesk('sqlite', { settings: { webhook } });
    const { got, post } = receiver([503, 0, 204]);
    const notices = new ApprovalNotices(desk.approvals.parts, post, silentLogger);
    await desk.claim(await desk.agent('claude'));
    const tell = async (afterMs: number) => {
      desk.clock.advance(afterMs);
      return notices.tell();
    };
    expect(await tell(0)).toBe(0);
    expect(await tell(1999)).toBe(0);
    expect(got).toHaveLength(1);
    expect(await tell(1)).toBe(0);
    expect(await tell(3999)).toBe(0);
    expect(got).toHaveLength(2);
    expect(await tell(1)).toBe(1);
    expect(await tell(10 * MINUTE)).toBe(0);
    expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('is told by one of two processes, and by neither once it is decided', async () => {
    const desk = await startDesk('sqlite', { settings: { webhook } });
    const other = await desk.beside();
    const { got, post } = receiver([503]);
    const [here, there] = [desk, other].map((one) => new ApprovalNotices(one.approvals.parts, post, silentLogger));
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const { id } = await desk.claim(claude);
    await Promise.all([here?.tell(), there?.tell()]);
    expect(got).toHaveLength(1);
    await desk.approve(ann, id);
    desk.clock.advance(10 * MINUTE);
    await Promise.all([here?.tell(), there?.tell()]);
    expect(got).toHaveLength(1);
  });
});
