/** Questions to policies by who may read those of one namespace: its tools, its calls, its people, and nothing beyond. */
import { describe, expect, test } from 'vitest';
import { EVERYWHERE, type Principal } from '#contract';
import { operator } from '#identity';
import type { PolicySource } from '#policy';
import { dialects } from '../../../test/databases.ts';
import { decided, LOOK, PAY, policyOf, type Decided } from './decided.fixture.ts';

const ALL = '(principal, action, resource)';
const inTeam = (name: string, cedar: string): PolicySource =>
  policyOf(cedar, { id: `team/${name}`, namespace: 'team' });
const inOther = (name: string, cedar: string): PolicySource =>
  policyOf(cedar, { id: `other/${name}`, namespace: 'other' });

const TOOLS = ['team', 'other'].flatMap((namespace) => [
  { ...PAY, namespace },
  { ...LOOK, namespace },
]);
/** Of `team` alone, to be taken away. */
const HERE = inTeam('here', `permit(principal, action, resource in Namespace::"team");`);
const THERE = inOther('there', `permit(principal, action, resource in Namespace::"other");`);

interface Told {
  readonly code?: string;
  readonly version?: string;
  readonly allowed?: boolean;
  readonly callers?: readonly { readonly name: string }[];
  readonly within?: readonly string[];
  readonly looked?: number;
  readonly next?: string;
  readonly report?: Report;
}
interface Report {
  readonly decisions: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly flips: readonly { readonly tool: { readonly id: string }; readonly example?: object }[];
  readonly draft: { readonly version: string; readonly removed: readonly string[] };
  readonly calls?: number;
  readonly cedar?: string;
}

const two = (sources: readonly PolicySource[] = [HERE, THERE], dialect: 'sqlite' | 'postgres' = 'sqlite') =>
  decided(sources, { tools: TOOLS, dialect });

/** What is answered, without the words that were asked. */
async function face(server: Decided, who: Principal, path: string, body: unknown, words: readonly string[]) {
  const { status, body: text } = await server.api('POST', path, body, who, (said) => said);
  return [status, words.reduce((left, word) => left.replaceAll(word, '…'), text)];
}

describe('why', () => {
  test('is told of tools of the namespace, without a digest that changes when somebody else’s policies do', async () => {
    const server = await two();
    const author = await server.user('tessa', ['policy_admin'], { at: 'team' });
    await server.agent('bot', [], { namespace: 'team' });
    const ask = async (who?: Principal): Promise<Told> => {
      const body = { principal: { kind: 'agent', id: 'team/bot' }, tool: 'team/pay', arguments: { amount: 1 } };
      return (await server.api<Told>('POST', '/policies/explain', body, who)).body;
    };
    const { version, ...everywhere } = await ask();
    expect(await ask(author)).toEqual(everywhere);
    expect([everywhere.allowed, typeof version]).toEqual([true, 'string']);
  });

  test('POL-011: a foreign tool is as none, and a foreign caller as nobody', async () => {
    const server = await two();
    const author = await server.user('tessa', ['policy_admin'], { at: 'team' });
    await server.agent('bot', [], { namespace: 'team' });
    await server.agent('spy', ['user'], { namespace: 'other' });
    await server.user('olga', ['user'], { at: 'other' });
    const ask = (kind: string, id: string, tool: string) =>
      face(server, author, '/policies/explain', { principal: { kind, id }, tool }, [id, tool]);
    const noTool = await ask('agent', 'team/bot', 'nowhere/pay');
    expect(noTool[0]).toBe(404);
    expect(await ask('agent', 'team/bot', 'other/pay')).toEqual(noTool);
    const nobody = await ask('agent', 'other/none', 'team/pay');
    expect(nobody[0]).toBe(404);
    expect(await ask('agent', 'other/spy', 'team/pay')).toEqual(nobody);
    expect(await ask('user', 'olga', 'team/pay')).toEqual(await ask('user', 'nora', 'team/pay'));
    expect((await ask('user', 'tessa', 'team/pay'))[0]).toBe(200);
  });

  test('POL-011: access of a foreign agent to a tool of one’s own is told as that of nobody', async () => {
    const server = await two();
    const author = await server.user('tessa', ['policy_admin'], { at: 'team' });
    await server.agent('bot', [], { namespace: 'team' });
    await server.agent('spy', [], { namespace: 'other' });
    const ask = async (agent: string, who?: Principal) => {
      const path = `/access/validate?tool_id=team/pay&agent_id=${agent}`;
      return (await server.api<{ has_access: boolean }>('GET', path, undefined, who)).body.has_access;
    };
    expect([await ask('team/bot', author), await ask('other/spy', author), await ask('other/spy')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe.each(dialects)('who could have, on %s', (dialect) => {
  test('names those of the namespace and who was given a role there; POL-011: others are neither named nor counted', async () => {
    const server = await two([policyOf(`permit${ALL};`)], dialect);
    const operating = await server.user('root', ['admin']);
    const author = await server.user('tessa', ['policy_admin'], { at: 'team' });
    await server.user('gina', ['auditor']);
    await server.agent('bot', [], { namespace: 'team' });
    await server.agent('guest', ['user'], { namespace: 'other', at: 'team' });
    await server.agent('spy', [], { namespace: 'other' });
    await server.agent('roamer', ['user'], { namespace: 'other' });
    await server.user('olga', ['user'], { at: 'other' });
    await server.user('nobody');
    const { groups, roles } = server.services.identity;
    const by = operator();
    const group = await groups.create(by, { namespace: EVERYWHERE, name: 'desk' });
    await roles.create(by, { role: 'user', namespace: 'team', subject: { kind: 'group', id: group.id } });
    const [inside, helper] = [await server.user('ingrid'), await server.agent('helper', [], { namespace: 'other' })];
    await groups.addMember(by, EVERYWHERE, 'desk', { kind: 'user', id: inside.sub });
    await groups.addMember(by, EVERYWHERE, 'desk', { kind: 'agent', id: helper.sub });

    const pages: Told[] = [];
    for (let cursor: string | undefined; pages.length === 0 || cursor !== undefined; cursor = pages.at(-1)?.next) {
      const body = { tool: 'team/pay', limit: 2, ...(cursor !== undefined && { cursor }) };
      pages.push((await server.api<Told>('POST', '/policies/who', body, author)).body);
    }
    const names = pages.flatMap(({ callers = [] }) => callers.map(({ name }) => name));
    expect(names.toSorted()).toEqual(['bot', 'gina', 'guest', 'helper', 'ingrid', 'root', 'tessa']);
    expect(pages.reduce((sum, { looked = 0 }) => sum + looked, 0)).toBe(7);
    expect(pages[0]?.within).toEqual(['team']);
    const all = (await server.api<Told>('POST', '/policies/who', { tool: 'team/pay' }, operating)).body;
    expect([all.callers?.length, all.within]).toEqual([11, undefined]);
    expect(await face(server, author, '/policies/who', { tool: 'other/pay' }, ['other/pay'])).toEqual(
      await face(server, author, '/policies/who', { tool: 'nowhere/pay' }, ['nowhere/pay']),
    );
  });
});

describe('what would be otherwise', () => {
  async function called(): Promise<Decided> {
    const server = await two();
    const [bot, spy] = [
      await server.agent('bot', [], { namespace: 'team' }),
      await server.agent('spy', [], { namespace: 'other' }),
    ];
    for (let index = 0; index < 3; index++) expect(await server.call(bot, 'team/look')).toBe(200);
    for (let index = 0; index < 5; index++) expect(await server.call(spy, 'other/look')).toBe(200);
    await server.settled();
    return server;
  }
  const simulate = async (server: Decided, who: Principal | undefined, body: object, query = ''): Promise<Told> =>
    (await server.api<Told>('POST', `/policies/simulate${query}`, body, who)).body;
  const forbidding = {
    put: [{ id: 'team/draft', cedar: `forbid(principal, action, resource in Namespace::"team");` }],
  };

  test('is told of the calls of the namespace alone; POL-011: nothing in the report depends on another', async () => {
    const server = await called();
    const author = await server.user('tessa', ['policy_admin'], { at: 'team' });
    const auditor = await server.user('alma', ['auditor'], { at: 'team' });
    const range = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
    const before = await simulate(server, author, { ...forbidding, ...range });
    expect(before.report).toMatchObject({ decisions: 3, counts: { denied: 3, allowed: 0 } });
    expect(before.report?.flips).toEqual([{ change: 'denied', tool: { type: 'Tool', id: 'team/look' }, count: 3 }]);
    const [shown] = (await simulate(server, auditor, { ...forbidding, ...range })).report?.flips ?? [];
    expect(shown?.example).toBeDefined();
    // Somebody calls there, and writes policies.
    const late = await server.agent('late', [], { namespace: 'other' });
    await server.call(late, 'other/pay', { amount: 1 });
    server.decideBy([HERE, THERE, inOther('more', `forbid(principal, action, resource in Namespace::"other");`)]);
    await server.call(late, 'other/pay', { amount: 1 });
    await server.settled();
    expect(await simulate(server, author, { ...forbidding, ...range })).toEqual(before);
    expect((await simulate(server, undefined, range)).report?.decisions).toBe(10);
    expect((await simulate(server, undefined, range, '?namespace=other')).report?.decisions).toBe(7);
  });

  test('POL-011: proposals are for the namespace, and tell nothing of policies elsewhere by being refused', async () => {
    const server = await two([HERE, THERE, policyOf(`permit${ALL};`)]);
    const author = await server.user('tessa', ['policy_admin'], { at: 'team' });
    const told = (body: object, ...words: string[]) => face(server, author, '/policies/simulate', body, words);
    const put = (id: string) => told({ put: [{ id, cedar: `permit${ALL};` }] }, id);
    for (const id of ['other/there', 'nowhere/there', '*/may', '*/none']) {
      expect(await put(id)).toEqual(await put('nowhere/none'));
      expect(await told({ remove: [id] }, id)).toEqual(await told({ remove: ['nowhere/none'] }, 'nowhere/none'));
    }
    expect((await put('nowhere/none'))[0]).toBe(400);
    // What is meant by a slip is named among one's own alone.
    expect(String((await told({ remove: ['team/hera'] }))[1])).toContain('did you mean `team/here`');
    expect(String((await told({ remove: ['team/there'] }))[1])).not.toContain('other');
    const { report } = await simulate(server, author, { instead: true });
    expect(report?.draft.removed).toEqual(['team/here']);
  });

  test('of a foreign namespace is as of one that is not there; who has several names one', async () => {
    const server = await called();
    const author = await server.user('tessa', ['policy_admin'], { at: 'team' });
    const range = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
    const [foreign, nowhere] = [
      await simulate(server, author, range, '?namespace=other'),
      await simulate(server, author, range, '?namespace=nowhere'),
    ];
    expect(foreign).toEqual(nowhere);
    expect(foreign.report?.decisions).toBe(0);
    const both = await server.user('bea', ['policy_admin'], { at: 'team' });
    await server.services.identity.roles.create(operator(), {
      ...{ role: 'policy_admin', namespace: 'other', subject: { kind: 'user', id: both.sub } },
    });
    const standing = await server.services.identity.standings.ofUser(both.sub);
    const again = { ...both, grants: standing?.grants ?? [] };
    expect((await simulate(server, again, range)).code).toBe('NAMESPACE_UNSAID');
    expect((await simulate(server, again, range, '?namespace=other')).report?.decisions).toBe(5);
  });

  test('whoever may read policies nowhere is refused, whatever they name', async () => {
    const server = await called();
    const stranger = await server.user('sam', ['user'], { at: 'team' });
    for (const query of ['', '?namespace=team', '?namespace=other'])
      expect((await simulate(server, stranger, {}, query)).code).toBe('FORBIDDEN');
  });

  test('advice is read from the record of the namespace, for who may read it there', async () => {
    const server = await called();
    const auditor = await server.user('alma', ['auditor'], { at: 'team' });
    const author = await server.user('tessa', ['policy_admin'], { at: 'team' });
    const advise = async (who: Principal, of: object): Promise<Told> =>
      (await server.api<Told>('POST', '/policies/advise', { of }, who)).body;
    expect((await advise(auditor, { agent: 'team/bot' })).report).toMatchObject({ calls: 3 });
    expect((await advise(auditor, { agent: 'other/spy' })).code).toBe('CALLER_UNKNOWN');
    expect((await advise(auditor, { policy: 'other/there' })).report).toMatchObject({ calls: 0, cedar: '' });
    expect((await advise(auditor, { policy: 'team/here' })).report?.cedar).not.toContain('other/');
    expect((await advise(author, { agent: 'team/bot' })).code).toBe('FORBIDDEN');
  });
});
