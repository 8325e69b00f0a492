/** What is asked of policies beside calls: why, who could have, access, advice, and policies that are watched. */
import { describe, expect, test } from 'vitest';
import { operator } from '#identity';
import type { PolicySource } from '#policy';
import { decided, PAY, policyOf, type Decided } from './decided.fixture.ts';

const ALL = '(principal, action, resource)';
const SMALL = `permit${ALL} when { context.args has amount && context.args.amount.lessThan(decimal("100.0")) };`;

describe('why', () => {
  interface Explained {
    readonly allowed: boolean;
    readonly sentence: string;
    readonly rules: readonly { readonly id: string; readonly said: string }[];
  }

  test('is answered by the decision that a call would meet', async () => {
    const server = await decided([policyOf(SMALL), policyOf(`@approval permit${ALL};`, { id: '*/any', priority: -1 })]);
    await server.agent('ann');
    const ask = async (amount: number) =>
      (
        await server.api<Explained>('POST', '/policies/explain', {
          principal: { kind: 'agent', id: 'default/ann' },
          tool: 'default/pay',
          arguments: { amount },
        })
      ).body;
    expect((await ask(50)).sentence).toBe(
      'Agent `default/ann` may execute `default/pay`: `*/may` (priority 0) permits it. Looked at: args.amount = 50.0000.',
    );
    expect((await ask(500)).sentence).toContain('`*/any` (priority -1) permits it, in return for approval.');
    expect((await ask(0.000_01)).sentence).toContain('args.amount, which has a value that policies cannot say exactly');
    expect((await ask(50)).rules.map(({ id, said }) => [id, said])).toEqual([
      ['*/any', 'matched'],
      ['*/may', 'matched'],
    ]);
  });

  test('of nobody, and of no tool, is told as such', async () => {
    const server = await decided([policyOf(SMALL)]);
    const ask = async (id: string, tool: string) => {
      const body = { principal: { kind: 'user', id }, tool };
      return (await server.api<{ code: string }>('POST', '/policies/explain', body)).body.code;
    };
    await server.user('carla');
    expect([await ask('nobody', 'default/pay'), await ask('carla', 'default/none')]).toEqual([
      'CALLER_UNKNOWN',
      'CALLED_TOOL_UNKNOWN',
    ]);
    expect(await ask('carla', 'default/pay')).toBeUndefined();
  });
});

describe('who could have done that', () => {
  interface Who {
    readonly callers: readonly { readonly name: string; readonly may: string; readonly on: readonly string[] }[];
    readonly roles: readonly { readonly role: string; readonly may: string }[];
    readonly next?: string;
  }

  test('names everybody who may with these arguments, a page after the other, and what roles give by themselves', async () => {
    const server = await decided([
      policyOf(
        `permit(principal in Role::"user", action, resource) when { context.args.amount.lessThan(decimal("100.0")) };`,
      ),
      policyOf(`permit(principal is Agent, action, resource) when { principal.name == "ann" && context.mfa };`, {
        id: '*/ann',
      }),
    ]);
    for (const name of ['carla', 'dora']) await server.user(name, ['user']);
    await server.user('emil', ['auditor']);
    for (const name of ['ann', 'bob']) await server.agent(name);
    const ask = async (more: object) => {
      const names: string[] = [];
      let page: Who | undefined;
      do {
        const cursor = page?.next;
        const body = { tool: 'default/pay', limit: 1, ...more, ...(cursor !== undefined && { cursor }) };
        page = (await server.api<Who>('POST', '/policies/who', body)).body;
        names.push(...page.callers.map(({ name, may, on }) => `${name} ${may} ${on.join()}`));
      } while (page.next !== undefined);
      return { names, roles: page.roles.filter(({ may }) => may !== 'no').map(({ role, may }) => `${role} ${may}`) };
    };
    expect(await ask({ arguments: { amount: 5 } })).toEqual({
      names: ['carla yes ', 'dora yes ', 'ann depends mfa'],
      roles: ['user yes'],
    });
    expect(await ask({ arguments: { amount: 500 }, circumstances: { mfa: true } })).toEqual({
      names: ['ann yes '],
      roles: [],
    });
    expect(await ask({})).toEqual({
      names: ['carla depends args.amount', 'dora depends args.amount', 'ann depends mfa'],
      roles: ['user depends'],
    });
  });

  test('leaves out who is disabled', async () => {
    const server = await decided([policyOf(`permit${ALL};`)]);
    const carla = await server.user('carla');
    await server.services.users.disable(operator(), carla.sub);
    expect((await server.api<Who>('POST', '/policies/who', { tool: 'default/look' })).body.callers).toEqual([]);
  });
});

describe('POL-011: who may not read policies learns nothing of others by asking about them', () => {
  const QUESTIONS: readonly (readonly [method: string, path: string, body: object | undefined])[] = [
    ['POST', '/policies/explain', { principal: { kind: 'agent', id: 'default/bob' }, tool: 'default/pay' }],
    ['POST', '/policies/explain', { principal: { kind: 'agent', id: 'default/nobody' }, tool: 'default/none' }],
    ['POST', '/policies/who', { tool: 'default/pay' }],
    ['POST', '/policies/simulate', { put: [{ id: '*/own', cedar: `permit${ALL};` }] }],
    ['POST', '/policies/advise', { of: { agent: 'default/bob' } }],
    ['GET', '/policies/*/may/shadow', undefined],
  ];

  test.each(QUESTIONS)('%s %s', async (method, path, body) => {
    const server = await decided([policyOf(`permit${ALL};`)]);
    await server.agent('bob');
    const asking = await server.agent('ann', ['user', 'tool_publisher']);
    const { status, body: said } = await server.api<{ code: string }>(method, path, body, asking);
    expect([status, said.code]).toEqual(method === 'GET' ? [404, 'POLICY_NOT_WATCHED'] : [403, 'FORBIDDEN']);
  });
});

describe('whether somebody has access', () => {
  const NOTHING = { has_access: false, allowed_scopes: [], policy_id: null, policy_name: null };

  test('is told to themselves, and of others to who may read policies; unknown and foreign are answered alike (POL-011)', async () => {
    const scoped = { ...PAY, scopesRequired: ['read', 'write'] };
    const server = await decided(
      [
        policyOf(
          '@id("Payments") @scopes("read") permit(principal in Role::"user", action, resource == Tool::"default/pay");',
        ),
      ],
      { tools: [scoped] },
    );
    const [ann, bob] = [await server.agent('ann', ['user']), await server.agent('bob', ['user'])];
    const author = await server.user('paul', ['policy_admin']);
    const ask = async (who: typeof ann, query: string) => {
      const answer = await server.api('GET', `/access/validate?tool_id=${query}`, undefined, who);
      return answer.body;
    };
    const granted = { has_access: true, allowed_scopes: ['read'], policy_id: '*/may', policy_name: 'Payments' };
    expect(await ask(ann, 'pay')).toEqual(granted);
    expect(await ask(ann, `default/pay&agent_id=${ann.sub}`)).toEqual(granted);
    expect(await ask(author, `default/pay&agent_id=${ann.sub}`)).toEqual(granted);
    expect(await ask(author, `default/pay&agent_id=default/ann`)).toEqual(granted);
    expect(await ask(author, 'default/pay')).toEqual(NOTHING);
    // Somebody else's, nobody's, and no tool's.
    expect(await ask(ann, `default/pay&agent_id=${bob.sub}`)).toEqual(NOTHING);
    expect(await ask(ann, 'default/pay&agent_id=nobody')).toEqual(NOTHING);
    expect(await ask(author, 'default/pay&agent_id=nobody')).toEqual(NOTHING);
    expect(await ask(ann, 'default/none')).toEqual(NOTHING);
  });
});

describe('advice', () => {
  interface Advice {
    readonly cedar: string;
    readonly calls: number;
    readonly scopes: readonly string[];
    readonly tools: readonly { readonly tool: { readonly id: string }; readonly calls: number }[];
    readonly check: object;
  }
  const advise = async (server: Decided, of: object): Promise<Advice> => {
    await server.settled();
    const answer = await server.api<{ report: Advice }>('POST', '/policies/advise', { of });
    expect(answer.status).toBe(200);
    return answer.body.report;
  };

  test('permits what was called and nothing else, for as much in return, and the recorded calls pass under it alone', async () => {
    const server = await decided([policyOf(`@approval("group:boss") @mask("card") permit${ALL};`)]);
    const [ann, bob] = [await server.agent('ann', ['user']), await server.agent('bob', ['auditor'])];
    for (let index = 0; index < 6; index++) await server.call(ann, 'pay', { amount: index });
    await server.call(bob, 'look');
    const forRole = await advise(server, { role: 'user' });
    expect(forRole).toMatchObject({ calls: 6, check: { passed: 6, failed: 0 } });
    expect(forRole.tools.map(({ tool, calls }) => [tool.id, calls])).toEqual([['default/pay', 6]]);
    expect(forRole.cedar).toContain('principal in Role::"user"');
    expect(forRole.cedar).toContain('@approval("group:boss")\n@mask("card")');
    expect(forRole.cedar).not.toContain('look');

    const forAgent = await advise(server, { agent: 'default/bob' });
    expect(forAgent.cedar).toContain(`principal == Agent::"${bob.sub}"`);
    expect(forAgent.tools.map(({ tool }) => tool.id)).toEqual(['default/look']);

    // Under what was advised for both they do what they did, and no more.
    const advised = await advise(server, { policy: '*/may' });
    expect(advised).toMatchObject({ calls: 7, check: { passed: 7, failed: 0 } });
    server.decideBy([policyOf(advised.cedar)]);
    expect([await server.call(ann, 'pay', { amount: 1 }), await server.call(ann, 'look')]).toEqual([200, 404]);
    expect([await server.call(bob, 'pay', { amount: 1 }), await server.call(bob, 'look')]).toEqual([404, 200]);
  });

  test('asks for every approval that was asked for', async () => {
    const asking = (who: string) => policyOf(`@approval("group:${who}") permit${ALL};`, { id: `*/${who}` });
    const server = await decided([asking('boss'), asking('desk')]);
    await server.call(await server.agent('ann'), 'look');
    const { cedar, check } = await advise(server, { agent: 'default/ann' });
    expect(cedar).toContain('@approval("group:boss")');
    expect(cedar).toContain('@approval("group:desk")');
    expect(check).toEqual({ passed: 1, failed: 0 });
  });

  test('names the scopes of tools that were called; those of others vanish', async () => {
    const scoped = { ...PAY, scopesRequired: ['pay:write'] };
    const other = { ...PAY, name: 'refund', scopesRequired: ['refund:write'] };
    const server = await decided([policyOf(`permit${ALL};`)], { tools: [scoped, other] });
    const ann = await server.agent('ann');
    (ann.scopes as Set<string>).add('pay:write').add('refund:write');
    await server.call(ann, 'pay', { amount: 1 });
    const advice = await advise(server, { agent: ann.sub });
    expect(advice.scopes).toEqual(['pay:write']);
    expect(advice.cedar).toContain('@scopes("pay:write")');
  });

  test('is for who may read the record', async () => {
    const server = await decided([policyOf(`permit${ALL};`)]);
    const author = await server.user('paul', ['policy_admin']);
    expect((await server.api('POST', '/policies/advise', { of: { role: 'user' } }, author)).status).toBe(403);
  });
});

describe('a policy that is watched', () => {
  interface Shadow {
    readonly recorded: Readonly<Record<string, unknown>>;
    readonly here?: Readonly<Record<string, unknown>>;
    readonly examples: readonly { readonly difference: string; readonly facts: object }[];
  }

  test('decides nothing; what it would have decided is counted, shown by example, and one record for many calls', async () => {
    const draft: PolicySource = policyOf(
      `forbid${ALL} when { context.args has amount && context.args.amount.greaterThan(decimal("10.0")) };`,
      {
        id: '*/draft',
      },
    );
    const watched = [draft];
    const server = await decided([policyOf(`permit${ALL};`)], { watched: () => watched });
    const ann = await server.agent('ann');
    for (let index = 0; index < 20; index++) expect(await server.call(ann, 'pay', { amount: index })).toBe(200);
    await server.settled();
    const shown = await server.api<Shadow>('GET', '/policies/*/draft/shadow');
    expect(shown.body.here).toMatchObject({ 'would-deny': 9, same: 11, dropped: 0 });
    expect(shown.body.examples[0]).toMatchObject({ difference: 'would-deny', facts: { args: {} } });
    expect(server.services.watch.counts()).toContainEqual({ policy: '*/draft', difference: 'would-deny', count: 9 });

    await (await server.services.watch.opened()).shadow.close();
    const { records } = await server.services.audit.query({ type: 'policy.shadow' }, { limit: 10 });
    expect(records.map(({ object, details }) => [object?.name, details?.['difference'], details?.['calls']])).toEqual([
      ['draft', 'would-deny', 9],
    ]);
    expect((await server.api<Shadow>('GET', '/policies/*/draft/shadow')).body.recorded).toMatchObject({
      'would-deny': 9,
    });
  });

  test('in the place of one that decides shows what would be allowed, to who may read policies; of one that nobody watches nothing', async () => {
    const watched = [policyOf(`permit${ALL};`, { id: '*/may' })];
    const server = await decided([policyOf('permit(principal, action, resource == Tool::"default/look");')], {
      watched: () => watched,
    });
    const ann = await server.agent('ann');
    await server.call(ann, 'look');
    await server.call(ann, 'pay', { amount: 1 });
    await server.settled();
    expect((await server.api<Shadow>('GET', '/policies/*/may/shadow')).body.here).toMatchObject({
      'would-allow': 1,
      same: 1,
    });
    expect((await server.api<Shadow>('GET', '/policies/*/none/shadow')).body).not.toHaveProperty('here');
    const sam = await server.user('sam', ['user']);
    const hidden = await server.api<{ code: string }>('GET', '/policies/*/may/shadow', undefined, sam);
    expect([hidden.status, hidden.body.code]).toEqual([404, 'POLICY_NOT_WATCHED']);
  });
});
