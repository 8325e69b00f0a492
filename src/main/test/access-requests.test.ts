/** Asking for access to a tool, four eyes that decide, and what an approval gives: at the door. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERYWHERE, type Role } from '#contract';
import { operator } from '#identity';
import { newId, reveal, systemClock } from '#kernel';
import { bearer, startVending, type Asked, type VendingServer } from './vending.fixture.ts';

/** Everybody sees `rename`; nobody `city`. */
const BEFORE = 'permit (principal, action, resource == Tool::"default/rename");';

let served: VendingServer;
let ahead = 0;
const clock = { now: () => systemClock.now() + ahead };
beforeAll(async () => {
  served = await startVending({ cedar: BEFORE, clock });
}, 120_000);
afterAll(() => served.close());

const ASK = '/api/v1/tools/default/city/access/requests';
const code = ({ status, body }: Asked): string => `${status} ${String(body['code'])}`;
const idOf = ({ body }: Asked): string => String(body['id']);

interface Person {
  readonly id: string;
  readonly headers: Record<string, string>;
}
let people = 0;
/** Somebody who is signed in on the command line, with a second factor, just now unless said otherwise. */
async function person(roles: readonly Role[], provedMsAgo = 0): Promise<Person> {
  const { users, identity, signIn } = served.services;
  const id = newId(clock.now());
  await users.insert(id, { name: `person-${++people}`, profile: { displayName: '', email: '' } });
  for (const role of roles) {
    await identity.roles.create(operator(), { role, namespace: EVERYWHERE, subject: { kind: 'user', id } });
  }
  const amr = ['pwd', 'otp', 'mfa'];
  const session = { userId: id, kind: 'cli', stage: 'active', amr, authTime: clock.now() - provedMsAgo } as const;
  const { token } = await signIn().sessions.begin({ ...session, address: '', device: '' }, async () => {});
  return { id, headers: bearer(`chs_${reveal(token)}`) };
}

const ask = (headers: Record<string, string>, more: object = {}): Promise<Asked> =>
  served.ask('POST', ASK, headers, { justification: 'the monthly report', ...more });
const decide = (id: string, verb: string, { headers }: Person, body: object = {}): Promise<Asked> =>
  served.ask('POST', `/api/v1/access/requests/${id}/${verb}`, headers, body);
const invoke = (key: string): Promise<Asked> => served.ask('POST', '/api/tool/city/invoke', bearer(key), { id: 1 });
const vend = (key: string): Promise<Asked> => served.ask('POST', '/api/v1/tools/default/city/access', bearer(key), {});

describe('an approval', () => {
  test('gives the subject that one tool, for calls and credentials, until its end', async () => {
    const { key } = await served.key('analyst');
    expect([(await invoke(key)).status, code(await vend(key))]).toEqual([404, '404 ACCESS_TOOL_UNKNOWN']);
    const asked = await ask(bearer(key), { policy: 'reports' });
    expect([asked.status, asked.body]).toEqual([
      201,
      expect.objectContaining({ state: 'pending', tool: 'default/city', policy: 'reports' }),
    ]);
    const expiresAt = new Date(clock.now() + 3_600_000).toISOString();
    const reviewer = await person(['policy_admin']);
    const approved = await decide(idOf(asked), 'approve', reviewer, { notes: 'for the report', expiresAt });
    expect([approved.status, approved.body]).toEqual([
      200,
      expect.objectContaining({
        ...{ state: 'approved', reviewedBy: reviewer.id, accessEndsAt: expiresAt },
        createdPolicy: `default/access-${idOf(asked)}`,
      }),
    ]);
    expect([(await invoke(key)).status, (await vend(key)).status]).toEqual([200, 201]);
    const other = await served.key('bystander');
    expect((await invoke(other.key)).status).toBe(404);
    ahead = 3_600_001;
    expect([(await invoke(key)).status, code(await vend(key))]).toEqual([404, '404 ACCESS_TOOL_UNKNOWN']);
  });

  test('of a person who asked for an agent that they answer for gives it to the agent', async () => {
    const responsible = await person(['user']);
    await served.services.identity.agents.create(operator(), {
      ...{ name: 'helper', roles: ['user'], responsibleUser: responsible.id },
    });
    const { key } = await served.key('helper');
    const asked = await ask(responsible.headers, { agent: 'helper' });
    expect(asked.body['subject']).toMatchObject({ kind: 'agent', name: 'helper' });
    await decide(idOf(asked), 'approve', await person(['policy_admin']));
    expect((await invoke(key)).status).toBe(200);
  });

  test('that cannot make its policy is none: the request waits on', async () => {
    const { key } = await served.key('unlucky');
    const asked = await ask(bearer(key));
    const reviewer = await person(['policy_admin']);
    const name = { namespace: 'default', name: `access-${idOf(asked)}` };
    const inTheWay = `/api/v1/policies/${name.namespace}/${name.name}`;
    const made = await served.ask('POST', inTheWay, reviewer.headers, { cedar: BEFORE, reason: 'to stand in the way' });
    expect(made.status).toBe(201);
    expect(code(await decide(idOf(asked), 'approve', reviewer))).toBe('409 POLICY_NAME_TAKEN');
    const found = await served.ask('GET', `/api/v1/access/requests/${idOf(asked)}`, bearer(key));
    expect(found.body['state']).toBe('pending');
    const etag = made.headers.get('etag') as string;
    const gone = await served.ask('DELETE', inTheWay, { ...reviewer.headers, 'if-match': etag });
    expect(gone.status).toBe(204);
    expect((await decide(idOf(asked), 'approve', reviewer)).status).toBe(200);
  });

  test('is one of all who decide at once, and is not changed afterwards', async () => {
    const { key } = await served.key('wanted');
    const asked = await ask(bearer(key));
    const reviewers = await Promise.all([person(['policy_admin']), person(['policy_admin'])]);
    const answers = await Promise.all(reviewers.map((one) => decide(idOf(asked), 'approve', one)));
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409]);
    expect(code(await decide(idOf(asked), 'reject', reviewers[0]))).toBe('409 ACCESS_REQUEST_DECIDED');
  });

  test.each([
    ['past', -1],
    ['more than a year away', 366 * 86_400_000],
  ])('cannot end at a moment that is %s', async (_, inMs) => {
    const { key } = await served.key(`ending-${inMs}`);
    const asked = await ask(bearer(key));
    const expiresAt = new Date(clock.now() + inMs).toISOString();
    expect(code(await decide(idOf(asked), 'approve', await person(['policy_admin']), { expiresAt }))).toBe(
      '400 ACCESS_END_REFUSED',
    );
  });

  test('is none for a tool that is not there, which whoever asks is not told', async () => {
    const { key } = await served.key('guesser');
    const path = '/api/v1/tools/default/no-such-tool/access/requests';
    const asked = await served.ask('POST', path, bearer(key), { justification: 'perhaps' });
    expect(asked.status).toBe(201);
    expect(code(await decide(idOf(asked), 'approve', await person(['policy_admin'])))).toBe('404 ACCESS_TOOL_UNKNOWN');
  });
});

describe('four eyes', () => {
  test('who asked, who is to have it and who answers for the agent decide nothing', async () => {
    const reviewer = await person(['policy_admin']);
    const own = await ask(reviewer.headers);
    await served.services.identity.agents.create(operator(), {
      ...{ name: 'dependent', roles: ['user'], responsibleUser: reviewer.id },
    });
    const { key } = await served.key('dependent');
    const byAgent = await ask(bearer(key));
    for (const id of [idOf(own), idOf(byAgent)]) {
      for (const verb of ['approve', 'reject']) {
        expect(code(await decide(id, verb, reviewer))).toBe('403 ACCESS_REQUEST_OWN');
      }
    }
  });

  test('nobody decides without the role, by a key of an agent that it was given to, or with an old proof', async () => {
    const { key } = await served.key('hopeful');
    const asked = await ask(bearer(key));
    const [admin, user] = [await person(['admin']), await person(['user'])];
    expect(code(await decide(idOf(asked), 'approve', admin))).toBe('403 FORBIDDEN');
    expect(code(await decide(idOf(asked), 'approve', user))).toBe('404 ACCESS_REQUEST_UNKNOWN');
    expect(code(await decide(idOf(asked), 'approve', await person(['policy_admin'], 3_600_000)))).toBe(
      '403 STEP_UP_REQUIRED',
    );
    const agent = await served.key('robot', { roles: ['policy_admin'], access: ['read', 'execute', 'admin'] });
    const byAgent = await decide(idOf(asked), 'approve', { id: '', headers: bearer(agent.key) });
    expect(code(byAgent)).toBe('403 ACCESS_REVIEWER_REFUSED');
  });
});

describe('a request', () => {
  test('is one for each subject and tool, can be taken back, and is over after thirty days', async () => {
    const { key } = await served.key('patient');
    const asked = await ask(bearer(key));
    expect(code(await ask(bearer(key)))).toBe('409 ACCESS_REQUEST_PENDING');
    const other = await served.key('nosy');
    const cancel = (by: string) => served.ask('POST', `/api/v1/access/requests/${idOf(asked)}/cancel`, bearer(by));
    expect(code(await cancel(other.key))).toBe('404 ACCESS_REQUEST_UNKNOWN');
    expect((await cancel(key)).body['state']).toBe('cancelled');
    const again = await ask(bearer(key));
    ahead += 30 * 86_400_000;
    const reviewer = await person(['policy_admin']);
    expect(code(await decide(idOf(again), 'approve', reviewer))).toBe('409 ACCESS_REQUEST_DECIDED');
    expect((await ask(bearer(key))).status).toBe(201);
  });

  test('is for oneself, or for an agent that one answers for', async () => {
    await served.services.identity.agents.create(operator(), { name: 'somebodys', roles: ['user'] });
    expect(code(await ask((await person(['user'])).headers, { agent: 'somebodys' }))).toBe(
      '403 ACCESS_SUBJECT_REFUSED',
    );
  });

  test('is seen by who asked, and all by who writes policies; foreigners see nothing', async () => {
    const { key } = await served.key('seen');
    const id = idOf(await ask(bearer(key)));
    const ids = async (headers: Record<string, string>, query = '') => {
      const { body } = await served.ask('GET', `/api/v1/access/requests?limit=1000${query}`, headers);
      return (body['items'] as unknown as readonly { id: string }[]).map((one) => one.id);
    };
    const foreign = await served.key('foreign', { namespace: 'elsewhere', roles: ['policy_admin'] });
    expect(await ids(bearer(key))).toEqual([id]);
    expect(await ids((await person(['policy_admin'])).headers, '&state=pending')).toContain(id);
    expect(await ids(bearer((await served.key('unseen')).key))).toEqual([]);
    expect(await ids(bearer(foreign.key))).toEqual([]);
    expect(code(await served.ask('GET', `/api/v1/access/requests/${id}`, bearer(foreign.key)))).toBe(
      '404 ACCESS_REQUEST_UNKNOWN',
    );
  });

  test('holds no characters that do not show', async () => {
    const { key } = await served.key('sly');
    for (const justification of ['', 'a\u202Eb', 'a\u0000b', 'x'.repeat(2001)]) {
      expect(code(await ask(bearer(key), { justification }))).toBe('400 REQUEST_INVALID');
    }
  });
});

test('asking and deciding are on record', async () => {
  const { key } = await served.key('recorded');
  const asked = await ask(bearer(key));
  await decide(idOf(asked), 'reject', await person(['policy_admin']), { notes: 'not now' });
  for (const type of ['access.requested', 'access.rejected']) {
    const { records } = await served.services.audit.query({ type, outcome: 'success' }, { limit: 1 });
    expect(records[0]?.object).toMatchObject({ kind: 'access-request', id: idOf(asked) });
  }
});
