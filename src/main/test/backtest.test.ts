/** Recorded calls held against policies that might have been. */
import { describe, expect, test } from 'vitest';
import { operator } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { decided, policyOf, type Decided } from './decided.fixture.ts';

interface Flip {
  readonly change: string;
  readonly principal?: { readonly type: string; readonly id: string };
  readonly tool: { readonly id: string };
  readonly count: number;
  readonly example?: {
    readonly record: { readonly id: string };
    readonly before: { readonly policies: readonly string[]; readonly obligations?: readonly unknown[] };
    readonly after: { readonly policies: readonly string[]; readonly obligations?: readonly unknown[] };
    readonly facts: object;
  };
}
interface Report {
  readonly decisions: number;
  readonly replayed: number;
  readonly unchanged: number;
  readonly counts: object;
  readonly flips: readonly Flip[];
  readonly notReplayed: readonly { readonly why: string; readonly what: string; readonly count: number }[];
  readonly withoutObligations: number;
}

const ALL = '(principal, action, resource)';

async function simulate(server: Decided, body: object): Promise<Report> {
  await server.settled();
  const answer = await server.api<{ report: Report }>('POST', '/policies/simulate', body);
  expect(answer.status).toBe(200);
  return answer.body.report;
}

const put = (cedar: string, id = '*/draft', priority = 0) => ({ put: [{ id, priority, cedar }] });

describe.each(dialects)('on %s', (dialect) => {
  test('of three hundred recorded calls exactly those are found that a changed policy decides otherwise', async () => {
    const upTo = (limit: number) =>
      `permit${ALL} when { !(context.args has amount) || context.args.amount.lessThanOrEqual(decimal("${limit}.0")) };`;
    const server = await decided([policyOf(upTo(200))], { dialect });
    const callers = [await server.agent('ann'), await server.agent('bob'), await server.user('carla')];
    const expected = new Map<string, number>();
    let allowed = 0;
    for (let index = 0; index < 300; index++) {
      const who = callers[index % 3]!;
      const amount = (index * 37) % 251;
      const status = index % 10 === 9 ? await server.call(who, 'look') : await server.call(who, 'pay', { amount });
      if (index % 10 === 9) {
        expect(status).toBe(200);
        continue;
      }
      expect(status).toBe(amount <= 200 ? 200 : 403);
      if (amount <= 200) allowed++;
      const key = `${amount > 100 && amount <= 200 ? 'denied' : ''} ${who.sub}`;
      if (key.startsWith('denied')) expected.set(who.sub, (expected.get(who.sub) ?? 0) + 1);
    }
    const report = await simulate(server, put(upTo(100), '*/may'));
    const seeded = [...expected.values()].reduce((sum, count) => sum + count, 0);
    expect(seeded).toBeGreaterThan(60);
    expect(allowed).toBeGreaterThan(seeded);
    expect(report).toMatchObject({ decisions: 300, replayed: 300, unchanged: 300 - seeded, notReplayed: [] });
    expect(report.counts).toEqual({ denied: seeded, allowed: 0, obligations: 0 });
    const found = report.flips.map(({ principal, tool, count }) => `${principal?.id} ${tool.id} ${count}`);
    expect(found.toSorted()).toEqual([...expected].map(([id, count]) => `${id} default/pay ${count}`).toSorted());
    // Each example is one of the calls, with what made the difference and nothing else.
    const record = await server.services.audit.find(report.flips[0]!.example!.record.id);
    expect(record).toMatchObject({ type: 'tool.call', outcome: 'success', policy: { ids: ['*/may'] } });
    expect(report.flips[0]!.example!.facts).toEqual({ args: { amount: { __extn: expect.anything() } } });
  }, 180_000);

  test('what callers and tools were is kept, without the name of a person', async () => {
    const server = await decided([policyOf(`permit${ALL};`)], { dialect });
    await server.call(await server.user('Philippa'), 'look');
    await server.settled();
    const rows = await server.services.database.db.selectFrom('decision_subjects').selectAll().execute();
    expect(rows).toHaveLength(3);
    expect(JSON.stringify(rows)).not.toContain('Philippa');
  });
});

describe.each(dialects)('whoever is forgotten, on %s', (dialect) => {
  const simulated = async (server: Decided) => await simulate(server, put(`forbid${ALL};`));

  test('is nobody that decisions on record were about: their facts are unreadable, and the chain verifies', async () => {
    const server = await decided([policyOf(`permit${ALL} when { context.args has amount };`)], { dialect });
    const [ann, bob] = [await server.user('ann'), await server.user('bob')];
    for (const who of [ann, bob]) expect(await server.call(who, 'pay', { amount: 5 })).toBe(200);
    expect((await simulated(server)).counts).toMatchObject({ denied: 2 });
    const { audit, database } = server.services;
    const recordOf = async (sub: string) => {
      const { records } = await audit.query({ type: 'tool.call', actor: sub }, { limit: 1 });
      return await audit.opened(records[0]!);
    };
    const factsOf = async (sub: string) => JSON.stringify(await recordOf(sub));
    expect(await factsOf(ann.sub)).toContain('amount');

    const erased = await server.api('POST', `/users/${ann.sub}/erase`);
    expect(erased.status).toBe(200);
    const rows = await database.db.selectFrom('decision_subjects').select('subject').execute();
    expect(rows.filter(({ subject }) => subject.includes(ann.sub))).toEqual([]);
    expect(rows.filter(({ subject }) => subject.includes(bob.sub))).toHaveLength(1);
    expect(await factsOf(ann.sub)).not.toContain('amount');
    expect(await factsOf(bob.sub)).toContain('amount');
    const report = await simulated(server);
    expect(report).toMatchObject({ decisions: 2, replayed: 1, counts: { denied: 1 } });
    expect(report.notReplayed.reduce((sum, { count }) => sum + count, 0)).toBe(1);
    const verified = await server.api<{ ok: boolean; findings: readonly object[] }>('POST', '/audit/verify');
    expect(verified.body).toMatchObject({ ok: true, findings: [] });
  }, 120_000);
});

describe('a draft', () => {
  test('that permits what was denied, and one that asks for something in return', async () => {
    const server = await decided([policyOf('permit(principal, action, resource == Tool::"default/pay");')]);
    const ann = await server.agent('ann');
    for (let index = 0; index < 5; index++) await server.call(ann, 'look');
    for (let index = 0; index < 7; index++) await server.call(ann, 'pay', { amount: 1 });
    const more = await simulate(server, put('permit(principal, action, resource == Tool::"default/look");'));
    expect(more.flips).toMatchObject([{ change: 'allowed', tool: { id: 'default/look' }, count: 5 }]);
    const masked = await simulate(server, put(`@mask("card") permit${ALL};`, '*/may'));
    expect(masked.counts).toEqual({ denied: 0, allowed: 5, obligations: 7 });
    expect(masked.flips[0]?.example).toMatchObject({
      before: { obligations: [] },
      after: { obligations: [{ kind: 'mask', value: 'card' }] },
    });
  });

  test('that takes policies away, or stands in the place of all', async () => {
    const server = await decided([
      policyOf(`permit${ALL};`, { id: '*/one' }),
      policyOf(`permit${ALL};`, { id: '*/two' }),
    ]);
    await server.call(await server.agent('ann'), 'look');
    expect((await simulate(server, { remove: ['*/one'] })).counts).toMatchObject({ denied: 0 });
    expect((await simulate(server, { remove: ['*/one', '*/two'] })).counts).toMatchObject({ denied: 1 });
    expect((await simulate(server, { instead: true, ...put(`forbid${ALL};`) })).counts).toMatchObject({ denied: 1 });
  });

  test('that looks at what is not on record is not guessed: the calls are counted, and the fact is named', async () => {
    const server = await decided([policyOf(`permit${ALL};`)]);
    const ann = await server.agent('ann');
    for (let index = 0; index < 4; index++) await server.call(ann, 'pay', { amount: index });
    await server.call(ann, 'look');
    const cedar = 'forbid(principal, action, resource == Tool::"default/pay") when { context.args.note == "x" };';
    const report = await simulate(server, put(cedar));
    expect(report).toMatchObject({ decisions: 5, replayed: 1, unchanged: 1, flips: [] });
    expect(report.notReplayed).toMatchObject([{ why: 'fact', what: 'args.note', count: 4 }]);
    // What is denied whatever the note is, is certain.
    const anyway = await simulate(server, put(`${cedar} forbid(principal, action, resource);`));
    expect(anyway.counts).toMatchObject({ denied: 5 });
  });

  test('that looks at an argument which was looked at and was not there decides by its absence', async () => {
    const server = await decided([policyOf(`permit${ALL} when { !(context.args has note) };`)]);
    const ann = await server.agent('ann');
    await server.call(ann, 'pay', { amount: 1 });
    const report = await simulate(server, put(`forbid${ALL} when { !(context.args has note) };`));
    expect(report).toMatchObject({ replayed: 1, counts: { denied: 1 } });
  });

  test('that looks at an argument which no policy can say denies it, as it would have', async () => {
    const server = await decided([policyOf(`permit${ALL} when { context.args has amount };`)]);
    const ann = await server.agent('ann');
    expect(await server.call(ann, 'pay', { amount: 0.000_01 })).toBe(403);
    const looking = put(`permit${ALL} when { !(context.args has amount) };`, '*/may');
    expect(await simulate(server, looking)).toMatchObject({ replayed: 1, unchanged: 1 });
    expect(await simulate(server, put(`permit${ALL};`, '*/may'))).toMatchObject({ counts: { allowed: 1 } });
  });

  test('that looks at the name of a person cannot be replayed for people, and is for agents', async () => {
    const server = await decided([policyOf(`permit${ALL};`)]);
    await server.call(await server.user('carla'), 'look');
    await server.call(await server.agent('ann'), 'look');
    const report = await simulate(
      server,
      put(`forbid(principal is User, action, resource) when { principal.name == "x" };
      forbid(principal is Agent, action, resource) when { principal.name == "ann" };`),
    );
    expect(report).toMatchObject({ counts: { denied: 1 }, notReplayed: [{ what: 'principal.name', count: 1 }] });
  });

  test('of hours is decided by the clock of the record', async () => {
    const server = await decided([policyOf(`permit${ALL};`)]);
    await server.call(await server.agent('ann'), 'look');
    const year = new Date().getUTCFullYear();
    const inYear = (operator: string) => put(`forbid${ALL} when { context.time["UTC"].year ${operator} ${year} };`);
    expect(await simulate(server, inYear('=='))).toMatchObject({ counts: { denied: 1 } });
    expect(await simulate(server, inYear('<'))).toMatchObject({ replayed: 1, counts: { denied: 0 } });
  });

  test('that cannot be read is refused, and says where', async () => {
    const server = await decided([policyOf(`permit${ALL};`)]);
    const answer = await server.api<{ code: string; errors: readonly { policy: string }[] }>(
      'POST',
      '/policies/simulate',
      put('permit(principal, action, resource) when { context };'),
    );
    expect([answer.status, answer.body.code, answer.body.errors[0]?.policy]).toEqual([400, 'DRAFT_REFUSED', '*/draft']);
    const gone = await server.api<{ code: string }>('POST', '/policies/simulate', { remove: ['*/mya'] });
    expect(JSON.stringify(gone.body)).toContain('did you mean `*/may`');
  });
});

describe('a decision', () => {
  test('of a person who was erased is counted as not readable any more', async () => {
    const server = await decided([policyOf(`permit${ALL} when { context.door == "rest" };`)]);
    const carla = await server.user('carla');
    await server.call(carla, 'look');
    await server.settled();
    await server.services.users.erase(operator(), carla.sub);
    const report = await simulate(server, put(`forbid${ALL};`));
    expect(report.notReplayed).toMatchObject([{ why: 'record', what: 'erased', count: 1 }]);
  });

  test('whose caller was never written down is counted as such', async () => {
    const server = await decided([policyOf(`permit${ALL};`)]);
    await server.call(await server.agent('ann'), 'look');
    await server.settled();
    await server.services.database.db.deleteFrom('decision_subjects').where('subject', 'like', '%Agent%').execute();
    const report = await simulate(server, put(`forbid${ALL};`));
    expect(report.notReplayed).toMatchObject([{ why: 'subject', what: 'principal', count: 1 }]);
  });

  test('whose policies somebody changed in the database is decided without them', async () => {
    const server = await decided([policyOf(`@mask("card") permit${ALL};`)]);
    await server.call(await server.agent('ann'), 'look');
    await server.settled();
    const { db } = server.services.database;
    const { key, subject } = await db
      .selectFrom('decision_subjects')
      .selectAll()
      .where('subject', 'like', '%card%')
      .executeTakeFirstOrThrow();
    const changed = subject.replace('card', 'name');
    await db.updateTable('decision_subjects').set({ subject: changed }).where('key', '=', key).execute();
    expect(await simulate(server, put(`permit${ALL};`, '*/may'))).toMatchObject({
      unchanged: 1,
      withoutObligations: 1,
    });
  });
});

test('who may not read the record is told how many calls of which tools, and neither whose nor which', async () => {
  const server = await decided([policyOf(`permit${ALL};`)]);
  await server.call(await server.agent('ann'), 'look');
  await server.settled();
  const author = await server.user('paul', ['policy_admin']);
  const body = put(`forbid${ALL};`);
  const answer = await server.api<{ report: Report }>('POST', '/policies/simulate', body, author);
  expect(answer.body.report.flips).toEqual([
    { change: 'denied', tool: { type: 'Tool', id: 'default/look' }, count: 1 },
  ]);
  const stranger = await server.user('sam', ['user']);
  expect((await server.api('POST', '/policies/simulate', body, stranger)).status).toBe(403);
});
