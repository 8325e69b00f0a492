/** Campaigns in which people decide who goes on holding what: at the door, with what comes of each decision. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERYWHERE, type Role } from '#contract';
import { operator } from '#identity';
import { newId, reveal, silentLogger, systemClock } from '#kernel';
import { startDueReviews } from '../serve/due-reviews.ts';
import { bearer, startVending, type Asked, type VendingServer } from './vending.fixture.ts';

let served: VendingServer;
let ahead = 0;
const clock = { now: () => systemClock.now() + ahead };
beforeAll(async () => {
  served = await startVending({ clock });
}, 120_000);
afterAll(() => served.close());

const DAY_MS = 86_400_000;
const code = ({ status, body }: Asked): string => `${status} ${String(body['code'])}`;
const all = ['read', 'execute', 'admin'];

interface Person {
  readonly id: string;
  readonly headers: Record<string, string>;
}
let people = 0;
/** Somebody who is signed in on the command line, with a second factor, just now unless said otherwise. */
async function person(roles: readonly Role[] = [], namespace: string = EVERYWHERE, provedMsAgo = 0): Promise<Person> {
  const { users, identity, signIn } = served.services;
  const id = newId(clock.now());
  await users.insert(id, { name: `person-${++people}`, profile: { displayName: '', email: '' } });
  for (const role of roles) {
    await identity.roles.create(operator(), { role, namespace, subject: { kind: 'user', id } });
  }
  const amr = ['pwd', 'otp', 'mfa'];
  const session = { userId: id, kind: 'cli', stage: 'active', amr, authTime: clock.now() - provedMsAgo } as const;
  const { token } = await signIn().sessions.begin({ ...session, address: '', device: '' }, async () => {});
  return { id, headers: bearer(`chs_${reveal(token)}`) };
}

interface Line {
  readonly line: number;
  readonly holder: { readonly kind: string; readonly id: string; readonly name: string | null };
  readonly kind: string;
  readonly target: string;
  readonly what: string;
  readonly state: string;
  readonly elsewhere: string | null;
  readonly reason: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
}

const open = (by: Person, reviewers: readonly Person[], namespace: string, more: object = {}): Promise<Asked> =>
  served.ask('POST', `/api/v1/namespaces/${namespace}/access-reviews`, by.headers, {
    ...{ title: 'spring', dueAt: new Date(clock.now() + DAY_MS).toISOString() },
    ...{ reviewers: reviewers.map(({ id }) => id), ...more },
  });
async function opened(...asked: Parameters<typeof open>): Promise<string> {
  const answer = await open(...asked);
  expect([answer.status, answer.body]).toEqual([201, expect.objectContaining({ state: 'open' })]);
  return String(answer.body['id']);
}
const linesOf = async (by: Person, id: string): Promise<readonly Line[]> =>
  (await served.ask('GET', `/api/v1/access-reviews/${id}/lines?limit=1000`, by.headers)).body['items'] as never;
const decide = (by: Person, id: string, line: number, body: object): Promise<Asked> =>
  served.ask('POST', `/api/v1/access-reviews/${id}/lines/${line}/decide`, by.headers, body);
const revoke = (by: Person, id: string, { line }: Line): Promise<Asked> =>
  decide(by, id, line, { decision: 'revoke', reason: 'left the team' });
const find = (lines: readonly Line[], kind: string, holder: string): Line => {
  const found = lines.find((one) => one.kind === kind && one.holder.id === holder);
  if (found === undefined) throw new Error(`no ${kind} of ${holder} among ${JSON.stringify(lines)}`);
  return found;
};

/** An agent in the namespace that holds something of every kind that can be taken away here. */
async function holderIn(namespace: string, admin: Person) {
  const { identity } = served.services;
  const { key } = await served.key('worker', { namespace, access: all, roles: ['user'] });
  const agent = await identity.agents.named(namespace, 'worker');
  const id = agent?.id ?? '';
  const subject = { kind: 'agent', id } as const;
  const binding = await identity.roles.create(operator(), { role: 'auditor', namespace, subject });
  await identity.groups.create(operator(), { namespace, name: 'planners' });
  await identity.groups.addMember(operator(), namespace, 'planners', subject);
  const cedar = `permit (principal == Agent::"${id}", action, resource);`;
  const made = await served.ask('POST', `/api/v1/policies/${namespace}/for-worker`, admin.headers, { cedar });
  expect(made.status).toBe(201);
  return { id, key, binding: binding.id };
}

describe('what is revoked is taken away at once', () => {
  test('a role, one of an agent’s own, a membership, a policy and a key; a reviewer needs no office', async () => {
    const admin = await person(['admin', 'policy_admin', 'auditor']);
    const reviewer = await person();
    const worker = await holderIn('travel', admin);
    const { identity } = served.services;
    const me = () => served.ask('GET', '/api/v1/agents/travel/worker', bearer(worker.key));
    expect((await me()).status).toBe(200);
    const id = await opened(admin, [reviewer], 'travel');
    const lines = await linesOf(reviewer, id);
    expect(lines.filter(({ holder }) => holder.id === worker.id).map(({ kind, what }) => `${kind}: ${what}`)).toEqual([
      'agent-role: role user in travel',
      'binding: role auditor in travel',
      'membership: member of travel/planners',
      expect.stringMatching(/^key: key for/),
      'policy: named by the policy travel/for-worker',
    ]);
    for (const kind of ['binding', 'agent-role', 'membership', 'policy', 'key']) {
      const done = await revoke(reviewer, id, find(lines, kind, worker.id));
      expect([kind, done.status, done.body]).toEqual([kind, 200, expect.objectContaining({ state: 'revoked' })]);
    }
    expect((await me()).status).toBe(401);
    expect(await identity.roles.placeOf(worker.binding)).toBeUndefined();
    expect((await identity.agents.named('travel', 'worker'))?.roles).toEqual([]);
    expect((await identity.groups.show(operator(), 'travel', 'planners')).members).toEqual([]);
    expect(code(await served.ask('GET', '/api/v1/policies/travel/for-worker', admin.headers))).toBe(
      '404 POLICY_UNKNOWN',
    );
    const { audit } = served.services;
    for (const type of ['key.revoke', 'binding.delete', 'agent.change', 'group.change', 'policy.delete']) {
      const { records } = await audit.query({ type, outcome: 'success', actor: reviewer.id }, { limit: 1 });
      expect([type, records.length]).toEqual([type, 1]);
    }
    const decided = await audit.query({ type: 'access-review.decide', outcome: 'success' }, { limit: 5 });
    expect(decided.records[0]).toMatchObject({
      actor: { sub: reviewer.id },
      object: { kind: 'access-review', id },
      details: { verdict: 'revoke', became: 'revoked', holder: `agent ${worker.id}`, reason: 'left the team' },
    });
  });

  test('a credential that was vended', async () => {
    const admin = await person(['admin']);
    const reviewer = await person();
    const { key } = await served.key('vendee');
    const vended = await served.ask('POST', '/api/v1/tools/default/city/access', bearer(key), {});
    const token = String(vended.body['token']);
    const invoke = () => served.ask('POST', '/api/tool/city/invoke', bearer(token), { id: 1 });
    expect((await invoke()).status).toBe(200);
    const id = await opened(admin, [reviewer], 'default');
    const line = (await linesOf(reviewer, id)).find(({ kind }) => kind === 'credential') as Line;
    expect((await revoke(reviewer, id, line)).body).toMatchObject({ state: 'revoked' });
    expect((await invoke()).status).toBe(401);
  });

  test('and nothing that whoever opened the review could not take away: that is outstanding, and says why', async () => {
    const { identity } = served.services;
    const admin = await person(['admin'], 'narrow');
    const reviewer = await person();
    const holder = await person();
    const subject = { kind: 'user', id: holder.id } as const;
    const binding = await identity.roles.create(operator(), { role: 'policy_admin', namespace: 'narrow', subject });
    const id = await opened(admin, [reviewer], 'narrow');
    const done = await revoke(reviewer, id, find(await linesOf(reviewer, id), 'binding', holder.id));
    expect(done.body).toMatchObject({ state: 'outstanding', elsewhere: expect.stringContaining('binding.delete') });
    expect(await identity.roles.placeOf(binding.id)).toBeDefined();
    // Once somebody has taken it away it is revoked, as it was decided.
    await identity.roles.delete(operator(), binding.id);
    const closed = await served.ask('POST', `/api/v1/access-reviews/${id}/close`, admin.headers);
    expect(closed.body['counts']).toMatchObject({ outstanding: 0, revoked: 1 });
  });

  test('or the decision is none: both are one unit', async () => {
    const admin = await person(['admin']);
    const reviewer = await person();
    const { id: keyId } = await served.key('unlucky', { namespace: 'units' });
    const id = await opened(admin, [reviewer], 'units');
    const line = (await linesOf(reviewer, id)).find(({ kind }) => kind === 'key') as Line;
    const answers = await Promise.all([
      revoke(reviewer, id, line),
      decide(reviewer, id, line.line, { decision: 'keep' }),
    ]);
    const [now] = (await linesOf(reviewer, id)).filter((one) => one.line === line.line);
    const { revokedAt } = await served.services.identity.keys.show(operator(), keyId);
    // Kept first and revoked then is what may be; revoked while it says kept is not.
    expect([now?.state, revokedAt === null]).toEqual(answers[0].status === 200 ? ['revoked', false] : ['kept', true]);
  });
});

describe('who decides', () => {
  test('only who was named, in person, with a recent proof, and never about their own', async () => {
    const admin = await person(['admin']);
    const reviewer = await person(['user'], 'own');
    const other = await person(['user'], 'own');
    const late = await person([], EVERYWHERE, 3_600_000);
    const { identity } = served.services;
    await served.key('helper', { namespace: 'own' });
    await identity.agents.change(operator(), 'helper', 'own', { responsibleUser: reviewer.id });
    const helper = (await identity.agents.named('own', 'helper'))?.id ?? '';
    const id = await opened(admin, [reviewer, late], 'own');
    const lines = await linesOf(reviewer, id);
    const keep = { decision: 'keep' };
    const own = find(lines, 'binding', reviewer.id);
    expect(code(await decide(reviewer, id, own.line, keep))).toBe('403 REVIEW_OWN');
    expect(code(await decide(reviewer, id, find(lines, 'key', helper).line, keep))).toBe('403 REVIEW_OWN');
    const line = find(lines, 'binding', other.id);
    expect(code(await decide(admin, id, line.line, keep))).toBe('403 REVIEW_NOT_REVIEWER');
    expect(code(await decide(other, id, line.line, keep))).toBe('404 REVIEW_UNKNOWN');
    expect(code(await decide(late, id, line.line, keep))).toBe('403 STEP_UP_REQUIRED');
    expect(code(await decide(reviewer, id, line.line, { decision: 'revoke' }))).toBe('400 REVIEW_REASON_MISSING');
    expect(code(await decide(reviewer, id, 99, keep))).toBe('404 REVIEW_LINE_UNKNOWN');
    expect((await decide(reviewer, id, line.line, keep)).body).toMatchObject({
      ...{ state: 'kept', decidedBy: reviewer.id, decidedAt: expect.any(String) },
      holder: { id: other.id, name: expect.stringMatching(/^person-/) },
    });
    expect(code(await decide(reviewer, id, line.line, keep))).toBe('409 REVIEW_DECIDED');
    expect((await revoke(reviewer, id, line)).body).toMatchObject({ state: 'revoked' });
    expect(code(await revoke(reviewer, id, line))).toBe('409 REVIEW_DECIDED');
  });

  test('people, who are there; a review is opened by who administers the namespace, for a time to come', async () => {
    const admin = await person(['admin'], 'near');
    const reviewer = await person();
    const agent = await served.services.identity.agents.create(operator(), { name: 'robot', namespace: 'near' });
    const robot = { id: agent.id, headers: {} };
    const gone = await person();
    await served.services.users.disable(operator(), gone.id);
    for (const nobody of [robot, gone]) {
      expect(code(await open(admin, [nobody], 'near'))).toBe('400 REVIEW_REVIEWER_UNKNOWN');
    }
    for (const [namespace, refusal] of [
      ['far', '404 REVIEW_UNKNOWN'],
      [EVERYWHERE, '404 REVIEW_UNKNOWN'],
    ]) {
      expect(code(await open(admin, [reviewer], namespace as string))).toBe(refusal);
    }
    for (const inMs of [-1, 367 * DAY_MS]) {
      const dueAt = new Date(clock.now() + inMs).toISOString();
      expect(code(await open(admin, [reviewer], 'near', { dueAt }))).toBe('400 REVIEW_DUE_REFUSED');
    }
  });

  test('sees theirs, and who is neither reviewer nor administrator nothing', async () => {
    const admin = await person(['admin']);
    const [reviewer, stranger] = [await person(), await person()];
    const id = await opened(admin, [reviewer], 'quiet');
    const mine = async ({ headers }: Person) =>
      (
        (await served.ask('GET', '/api/v1/users/me/access-reviews', headers)).body['items'] as unknown as {
          id: string;
        }[]
      ).map((one) => one.id);
    expect([await mine(reviewer), await mine(stranger)]).toEqual([[id], []]);
    expect(code(await served.ask('GET', `/api/v1/access-reviews/${id}/report`, stranger.headers))).toBe(
      '404 REVIEW_UNKNOWN',
    );
    await served.ask('POST', `/api/v1/access-reviews/${id}/close`, admin.headers);
    expect(await mine(reviewer)).toEqual([]);
  });
});

test('what its holder has no more is gone, whoever decides or closes', async () => {
  const admin = await person(['admin']);
  const reviewer = await person();
  const [first, second] = [
    await served.key('first', { namespace: 'gone' }),
    await served.key('second', { namespace: 'gone' }),
  ];
  const id = await opened(admin, [reviewer], 'gone');
  const keys = (await linesOf(reviewer, id)).filter(({ kind }) => kind === 'key');
  for (const { id: key } of [first, second]) await served.services.identity.keys.revoke(operator(), key);
  expect((await linesOf(reviewer, id)).filter(({ kind }) => kind === 'key').map(({ state }) => state)).toEqual([
    'gone',
    'gone',
  ]);
  expect((await decide(reviewer, id, keys[0]?.line ?? 0, { decision: 'keep' })).body).toMatchObject({ state: 'gone' });
  const closed = await served.ask('POST', `/api/v1/access-reviews/${id}/close`, admin.headers);
  expect(closed.body).toMatchObject({ state: 'closed', closedBy: admin.id, counts: { gone: 2, undecided: 2 } });
});

describe('at its due time', () => {
  /** As a server does it: a first run at once, and the end of it is waited for. */
  async function due(): Promise<void> {
    const declared = () => [];
    const stop = await startDueReviews({ services: served.services, declared, clock, log: silentLogger });
    await stop();
  }

  test.each([
    ['report', 'undecided', null],
    ['revoke', 'revoked', 'due'],
  ] as const)('with onDue %s a line that nobody has decided is %s, once and on record', async (onDue, state, by) => {
    const admin = await person(['admin']);
    const reviewer = await person();
    const namespace = `due-${onDue}`;
    const { key } = await served.key('worker', { namespace });
    const { identity, audit } = served.services;
    const holder = (await identity.agents.named(namespace, 'worker'))?.id ?? '';
    const id = await opened(admin, [reviewer], namespace, { onDue });
    await due();
    expect(find(await linesOf(admin, id), 'key', holder).state).toBe('undecided');
    ahead += DAY_MS;
    await due();
    await due();
    const again = await person(['admin']);
    const line = find(await linesOf(again, id), 'key', holder);
    expect([line.state, line.decidedBy]).toEqual([state, by]);
    const works = (await served.ask('POST', '/api/tool/city/invoke', bearer(key), { id: 1 })).status !== 401;
    expect(works).toBe(onDue === 'report');
    const { records } = await audit.query({ type: 'access-review.due' }, { limit: 10 });
    expect(records.filter(({ object }) => object?.id === id)).toMatchObject([
      { actor: { kind: 'system' }, details: { onDue, wereOpen: 2 } },
    ]);
  });
});

test('the report has who decided what and when, with counts, and nothing is decided after the end', async () => {
  const admin = await person(['admin']);
  const reviewer = await person();
  await served.key('worker', { namespace: 'report' });
  const id = await opened(admin, [reviewer], 'report');
  const [role, key] = (await linesOf(reviewer, id)) as [Line, Line];
  await decide(reviewer, id, role.line, { decision: 'keep', reason: 'works here' });
  await revoke(reviewer, id, key);
  const close = () => served.ask('POST', `/api/v1/access-reviews/${id}/close`, admin.headers);
  expect((await close()).status).toBe(200);
  expect(code(await close())).toBe('409 REVIEW_CLOSED');
  expect(code(await revoke(reviewer, id, role))).toBe('409 REVIEW_CLOSED');
  const report = () => served.ask('GET', `/api/v1/access-reviews/${id}/report`, admin.headers);
  const moment = expect.stringMatching(/^\d{4}-.*Z$/);
  expect((await report()).body).toMatchObject({
    ...{ format: 'chatelaine-access-campaign/1', state: 'closed', closedBy: admin.id, closedAt: moment },
    counts: { undecided: 0, kept: 1, revoked: 1, outstanding: 0, gone: 0 },
    lines: [
      { state: 'kept', reason: 'works here', decidedBy: reviewer.id, decidedAt: moment },
      { state: 'revoked', reason: 'left the team', decidedBy: reviewer.id, decidedAt: moment },
    ],
  });
  const { records } = await served.services.audit.query({ type: 'access-review.close' }, { limit: 5 });
  expect(records.find(({ outcome }) => outcome === 'success')).toMatchObject({ details: { kept: 1, revoked: 1 } });
  // What a person wrote goes with them; that they decided stays.
  await served.services.users.erase(operator(), reviewer.id);
  expect((await report()).body['lines']).toMatchObject([
    { reason: null, decidedBy: reviewer.id },
    { reason: null, decidedBy: reviewer.id },
  ]);
});
