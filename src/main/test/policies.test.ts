/** Policies as objects, at the door: a server, and commands beside it on the same state. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { documentOf, dialects } from '../../../test/databases.ts';
import { postgresDatabase } from '../../../test/postgres.ts';
import { CITIES, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const MOVE = `
---
kind: tool
name: move
type: sqlite-sql
source: cities
description: Sets how many people live in a city.
tags: [writes]
parameters:
  - name: inhabitants
    type: integer
    description: How many.
  - name: id
    type: integer
    description: The id.
statement: UPDATE cities SET inhabitants = ? WHERE id = ?
`;

const DECLARED = `
---
kind: policy
name: nobody-writes
everywhere: true
description: Declared in the file.
cedar: |
  @overridable
  forbid (principal, action == Action::"execute", resource)
  when { resource.tags.contains("writes") };
`;

/** What is denied whatever is passed answers as what is not there. */
const DENIED = /TOOL_UNKNOWN|POLICY_DENIED/;

describe.each(dialects)('on %s', (dialect) => {
  let place: Workspace;
  let server: RunningServer;
  let config: string;
  let env: Record<string, string> = {};
  let drop: () => Promise<void> = async () => {};
  const keys: Record<string, string> = {};

  beforeAll(async () => {
    place = workspace();
    let database = '';
    if (dialect === 'postgres') {
      const made = await postgresDatabase();
      drop = () => made.drop();
      const { password, ...rest } = documentOf(made);
      env = { DATABASE_PASSWORD: password };
      database = `database: ${JSON.stringify({ ...rest, password: '${DATABASE_PASSWORD}' })}\n`;
    }
    config = place.write('tools.yaml', `${CITIES}${MOVE}${DECLARED}---\nkind: server\nmetrics: false\n${database}`);
    server = await start(['--config', config, '--data-dir', place.dataDir], { env });
    for (const [agent, ...roles] of [
      ['writer', 'policy_admin'],
      ['manager', 'admin'],
      ['caller', 'user'],
      ['reviewer', 'auditor'],
    ] as const) {
      const made = await command(
        'key',
        'create',
        '--agent',
        agent,
        '--role',
        ...roles,
        ...['read', 'execute', 'admin'].flatMap((access) => ['--access', access]),
      );
      keys[agent] = (made as { key: string }).key;
    }
  });
  afterAll(async () => {
    await server?.stop();
    place?.remove();
    await drop();
  });

  /** In a process of its own, on the state of the server. */
  async function command(...words: readonly string[]): Promise<unknown> {
    const { code, stdout, stderr } = await run([...words, '--data-dir', place.dataDir, '--config', config, '--json'], {
      env,
    });
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  }

  async function ask(who: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${keys[who]}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      etag: answer.headers.get('etag') ?? '',
      body: (text === '' ? undefined : JSON.parse(text)) as {
        readonly code?: string;
        readonly detail?: string;
        readonly items: readonly { readonly id: string }[];
      },
    };
  }

  /** `allowed`, or how the call is refused. */
  async function call(tool: string, args: object): Promise<string> {
    const answer = await fetch(`${server.url}/api/tool/${tool}/invoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys['caller']}`, 'content-type': 'application/json' },
      body: JSON.stringify(args),
    });
    const text = await answer.text();
    return answer.ok ? 'allowed' : `${answer.status} ${text}`;
  }

  const become = (wanted: RegExp, tool: string, args: object): Promise<void> =>
    vi.waitFor(async () => expect(await call(tool, args)).toMatch(wanted), { timeout: 15_000, interval: 50 });

  test('a list has what was made here and what files declare, and each says how it stands', async () => {
    const { items } = (await ask('reviewer', 'GET', '/policies?namespace=default')).body;
    expect(items).toEqual([]);
    const own = (await command('policy', 'list')) as { policies: readonly { id: string; origin: string }[] };
    // The command reads no documents: those decide where a server has read them.
    expect(own.policies.map(({ id }) => id)).toEqual(['*/approvals', '*/declared-tools', '*/publications']);
  });

  test('who administers identities writes no policy, and who reads them changes none', async () => {
    const wish = { cedar: 'permit (principal, action, resource);' };
    for (const who of ['manager', 'reviewer', 'caller']) {
      const { status, body } = await ask(who, 'POST', '/policies/default/own', wish);
      expect([who, status, body.code]).toEqual(
        who === 'caller' ? [who, 404, 'POLICY_UNKNOWN'] : [who, 403, 'FORBIDDEN'],
      );
    }
    // A role of one namespace is none of all.
    expect((await ask('writer', 'POST', '/policies/*/own', wish)).status).toBe(404);
  });

  test('what cannot be decided is refused with its place, and nothing is kept', async () => {
    const refusals: readonly (readonly [string, object, string])[] = [
      ['no Cedar', { cedar: 'permit (principal, action, resource)\nwhen {' }, 'line 2'],
      ['an unknown field', { cedar: 'permit (principal, action, resource) when { context.dor == "mcp" };' }, '`dor`'],
      [
        'an argument that the tool does not have',
        { cedar: 'permit (principal, action, resource == Tool::"default/move") when { context.args has inhabitant };' },
        'did you mean `inhabitants`?',
      ],
      ['two languages', { cedar: 'permit (principal, action, resource);', form: {} }, 'this one has 2'],
      ['a time zone that there is not', { form: { hours: ['09:00-17:00'], timeZone: 'Europe/Zuerich' } }, 'time zone'],
    ];
    for (const [what, wish, said] of refusals) {
      const { status, body } = await ask('writer', 'POST', '/policies/default/wrong', wish);
      expect([what, status, body.code, body.detail]).toEqual([
        what,
        400,
        'POLICY_INVALID',
        expect.stringContaining(said),
      ]);
    }
    expect((await ask('writer', 'GET', '/policies/default/wrong')).status).toBe(404);
  });

  test('a policy lives: made by a form, changed with its state in hand, taken away and brought back', async () => {
    const form = { roles: ['user'], tools: ['city'], actions: ['execute'], effect: 'forbid' };
    const made = await ask('writer', 'POST', '/policies/default/lives', { form, reason: 'to see' });
    expect([made.status, made.body]).toMatchObject([
      201,
      { version: 1, reason: 'to see', origin: 'kept', form: { tools: ['default/city'] } },
    ]);
    await become(DENIED, 'city', { id: 1 });

    const path = '/policies/default/lives';
    const other = { cedar: 'permit (principal, action, resource);', priority: 3, reason: 'open' };
    expect((await ask('writer', 'PUT', path, other)).status).toBe(428);
    expect((await ask('writer', 'PUT', path, other, { 'if-match': '"old"' })).status).toBe(412);
    const changed = await ask('writer', 'PUT', path, other, { 'if-match': made.etag });
    expect([changed.status, changed.body]).toMatchObject([200, { version: 2, priority: 3, form: null }]);
    await become(/allowed/, 'city', { id: 1 });

    expect((await ask('writer', 'DELETE', `${path}?reason=done`, undefined, { 'if-match': changed.etag })).status).toBe(
      204,
    );
    expect((await ask('writer', 'GET', path)).status).toBe(404);
    const { items } = (await ask('writer', 'GET', `${path}/versions`)).body;
    expect(items).toMatchObject([
      { version: 3, deleted: true, reason: 'done' },
      { version: 2, deleted: false, cedar: other.cedar },
      { version: 1, form: { effect: 'forbid' } },
    ]);
    expect((await ask('writer', 'POST', `${path}/versions/3/restore`, {})).body.code).toBe('POLICY_VERSION_UNKNOWN');
    const restored = await ask('writer', 'POST', `${path}/versions/1/restore`, { reason: 'again' });
    expect([restored.status, restored.body]).toMatchObject([200, { version: 4, form: { effect: 'forbid' } }]);
    await become(DENIED, 'city', { id: 1 });
    await ask('writer', 'DELETE', path, undefined, { 'if-match': restored.etag });
  });

  test('each change is on record, with the digests of what was said before and after', async () => {
    const { stdout } = await run(
      ['audit', 'query', '--type', 'policy.change', '--json', '--data-dir', place.dataDir, '--config', config],
      { env },
    );
    expect(stdout).toContain('"reason":"open"');
    expect(stdout).toMatch(/"digest":"[0-9a-f]{64}"/);
    expect(stdout).toMatch(/"before":"[0-9a-f]{64}"/);
  });

  test('two who change the same state at once: one does, and the other is told', async () => {
    const made = await ask('writer', 'POST', '/policies/default/race', {
      cedar: 'permit (principal, action, resource);',
    });
    const answers = await Promise.all(
      [1, 2, 3, 4].map((priority) =>
        ask(
          'writer',
          'PUT',
          '/policies/default/race',
          { cedar: 'permit (principal, action, resource);', priority },
          { 'if-match': made.etag },
        ),
      ),
    );
    expect(answers.map(({ status }) => `${status}`).toSorted()).toEqual(['200', '412', '412', '412']);
    const { etag } = await ask('writer', 'GET', '/policies/default/race');
    await ask('writer', 'DELETE', '/policies/default/race', undefined, { 'if-match': etag });
  });

  test('a change by another process is obeyed here without being told of it', async () => {
    await become(/allowed/, 'city', { id: 1 });
    const file = place.write('closed.cedar', 'forbid (principal, action, resource == Tool::"default/city");\n');
    await command('policy', 'put', file, '--reason', 'closed');
    await become(DENIED, 'city', { id: 1 });
    await command('policy', 'delete', 'closed');
    await become(/allowed/, 'city', { id: 1 });
    expect(await call('city', { id: 1 })).toBe('allowed');
  });

  test('a permit of higher rank outweighs an overridable forbid of a file, for the arguments that it names', async () => {
    await become(DENIED, 'move', { id: 3, inhabitants: 56_000 });
    const file = place.write(
      'movers.yaml',
      `kind: policy
name: movers
everywhere: true
priority: 5
form: {roles: [user], tools: [default/move], parameters: {inhabitants: {min: 1, max: 60000}}}
`,
    );
    await command('policy', 'put', file);
    await become(/allowed/, 'move', { id: 3, inhabitants: 56_000 });
    expect(await call('move', { id: 3, inhabitants: 70_000 })).not.toBe('allowed');
    expect(await call('move', { id: 3, inhabitants: -1 })).not.toBe('allowed');
    await command('policy', 'delete', 'movers', '--everywhere');
  });

  test('validating keeps nothing, and says what deserves a look', async () => {
    const path = '/namespaces/default/policies/validate';
    const about = (await ask('writer', 'POST', path, { form: { roles: ['usr'], tools: ['cty'] } })).body;
    expect(about).toMatchObject({
      valid: true,
      form: { tools: ['default/cty'] },
      warnings: [
        { message: 'there is no role `usr`; did you mean `user`?' },
        { message: 'there is no tool `default/cty`; did you mean `default/city`?' },
      ],
    });
    const foreign = { cedar: 'permit (principal, action, resource == Tool::"other/pay");' };
    expect((await ask('writer', 'POST', path, foreign)).body).toMatchObject({
      valid: true,
      warnings: expect.arrayContaining([
        { rule: 'default/draft', message: expect.stringContaining('can never match') },
      ]),
    });
    expect((await ask('writer', 'GET', '/policies/default/draft')).status).toBe(404);
  });

  test('rules as a tool registry has them are taken, and become a form', async () => {
    const rules = {
      roles: ['user'],
      tool_ids: ['city'],
      time_restrictions: { allowed_days: [0, 1, 2, 3, 4], allowed_hours: [[9, 17]] },
      resource_limits: { max_calls_per_minute: 60 },
      allowed_scopes: ['read'],
      duration_minutes: 30,
      restricted_params: { id: { max: 2 } },
      require_approval: true,
      valid_until: '2099-01-01T00:00:00Z',
    };
    const made = await ask('writer', 'POST', '/policies/default/registry', { rules, shadow: true });
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        form: {
          ...{ effect: 'permit', roles: ['user'], tools: ['default/city'], hours: ['09:00-17:00'] },
          ...{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], limits: ['60 calls per 1m'], scopes: ['read'] },
          ...{ duration: '30m', requireApproval: true, parameters: { id: { type: 'integer', max: 2 } } },
        },
      },
    ]);
    const { items } = (await ask('writer', 'GET', '/policies?status=shadow')).body;
    expect(items).toMatchObject([{ id: 'default/registry' }]);
  });

  test('policies that can be about a tool are found, global ones and those of files too', async () => {
    const about = async (tool: string) =>
      (
        (await ask('writer', 'GET', `/tools/default/${tool}/policies`)).body as { items: readonly { id: string }[] }
      ).items.map(({ id }) => id);
    const everywhere = ['*/approvals', '*/declared-tools', '*/nobody-writes', '*/publications'];
    expect(await about('city')).toEqual([...everywhere, 'default/registry']);
    expect(await about('move')).toEqual(everywhere);
    const { items } = (await ask('writer', 'GET', '/policies?tool=default/move')).body;
    expect(items).toEqual([]);
  });
});
