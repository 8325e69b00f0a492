/** Limits at every door: what is let in, what is refused and how, and whose count it is. */
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { EVERYWHERE, limitSchema, type LimitDeclaration } from '#contract';
import { openDatabase } from '#db';
import type { ChangeFrame } from '#identity';
import { silentLogger, systemClock } from '#kernel';
import { fixedPolicies, STARTER_POLICIES, type CurrentPolicies } from '#policy';
import { loadLimits } from '#registry';
import { emptyPlace } from '../../../test/databases.ts';
import { ALICE, BOB, post, snapshotOf, startGateway, testTool, type RunningGateway } from './gateway.fixture.ts';

let running: RunningGateway;
afterEach(() => running.close());

const rows = testTool({
  name: 'rows',
  run: async () => ({ kind: 'rows', rows: [{ id: 1 }, { id: 2 }, { id: 3 }] }) as never,
});
const dear = testTool({ name: 'dear', run: async () => ({ kind: 'value', value: 'dear' }), overrides: { cost: 6 } });
const look = testTool({ name: 'look', run: async () => ({ kind: 'value', value: 'seen' }) });

const slow = testTool({
  name: 'slow',
  run: (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cancelled')))),
});

const limit = (fields: Record<string, unknown>): LimitDeclaration =>
  ({ ...limitSchema.parse({ kind: 'limit', name: 'team', ...fields }) }) as LimitDeclaration;

async function start(
  documents: readonly LimitDeclaration[],
  options: { readonly policies?: CurrentPolicies; readonly settings?: Record<string, unknown> } = {},
): Promise<readonly { limit: string; per: string }[]> {
  const { place } = await emptyPlace('sqlite');
  const database = await openDatabase({ ...place, clock: systemClock });
  onTestFinished(() => database.close());
  const refusals: { limit: string; per: string }[] = [];
  const { openLimits } = await loadLimits();
  const limits = await openLimits({
    ...{ database, clock: systemClock, log: silentLogger, settings: { type: 'database' } },
    frame: {} as ChangeFrame,
    declared: () => documents,
    refused: (refused) => void refusals.push(refused),
  });
  onTestFinished(() => limits.close());
  const snapshot = snapshotOf([look, rows, dear, slow]);
  const { policies, settings = {} } = options;
  running = await startGateway(settings, snapshot, [], [], undefined, policies, { limits: limits.calls });
  return refusals;
}

const invoke = (tool = 'look', headers: Record<string, string> = {}): Promise<Response> =>
  post(`${running.url}/api/tool/${tool}/invoke`, {}, headers);

const statuses = async (times: number, tool?: string, headers?: Record<string, string>): Promise<readonly number[]> => {
  const all: number[] = [];
  for (let at = 0; at < times; at++) all.push((await invoke(tool, headers)).status);
  return all;
};

const toolCall = (name: string) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } });

describe('over REST', () => {
  it('lets as many calls through as the limit says, and refuses the next with 429 and the time to wait', async () => {
    const refusals = await start([limit({ per: 'principal', limits: '3 calls per 7d' })]);
    expect(await statuses(4)).toEqual([200, 200, 200, 429]);
    const refused = await invoke();
    const { code, error, status } = (await refused.json()) as Record<string, string>;
    expect([code, status]).toEqual(['LIMIT_EXCEEDED', 'Too Many Requests']);
    expect(error).toMatch(/^the limit `default\/team` is used up: 3 calls per 168 h for each principal; try again in /);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toMatch(/^"team";r=0;t=\d+$/);
    expect(refusals).toEqual([
      { limit: 'default/team', per: 'principal' },
      { limit: 'default/team', per: 'principal' },
    ]);
    expect(running.trail.events.at(-1)).toMatchObject({ outcome: 'denied', error: 'LIMIT_EXCEEDED' });
  });

  it('says of each limit how it stands in `RateLimit-Policy` and `RateLimit`', async () => {
    await start([limit({ per: 'principal', limits: '5 calls per 1h; 1000 bytes per 1d; 2 at once' })]);
    const { headers } = await invoke();
    expect(headers.get('ratelimit-policy')).toBe(
      '"team-1";q=5;w=3600, "team-2";q=1000;qu="content-bytes";w=86400, "team-3";q=2;qu="concurrent-requests"',
    );
    expect(headers.get('ratelimit')).toMatch(/^"team-1";r=4;t=\d+, "team-2";r=1000;t=\d+, "team-3";r=1$/);
  });

  it('takes the strictest of all that apply, and charges none when one refuses', async () => {
    await start([
      limit({ name: 'wide', per: 'principal', limits: '10 calls per 7d' }),
      limit({ name: 'narrow', per: ['principal', 'tool'], limits: '2 calls per 7d' }),
    ]);
    expect(await statuses(5)).toEqual([200, 200, 429, 429, 429]);
    expect(await statuses(3, 'rows')).toEqual([200, 200, 429]);
    expect((await invoke('dear')).headers.get('ratelimit')).toContain('"wide";r=5');
  });

  it('counts what a tool costs, and the rows that it brought', async () => {
    await start([
      limit({ name: 'cost', per: 'principal', limits: '13 cost per 7d' }),
      limit({ name: 'rows', per: 'principal', limits: '5 rows per 7d', tools: ['rows'] }),
    ]);
    expect(await statuses(3, 'dear')).toEqual([200, 200, 429]);
    expect(await statuses(1)).toEqual([200]);
    expect(await statuses(1)).toEqual([429]);
    await running.close();
    await start([limit({ name: 'rows', per: 'principal', limits: '5 rows per 7d', tools: ['rows'] })]);
    // Three and three: the one that comes to the limit ends, the next does not begin.
    expect(await statuses(3, 'rows')).toEqual([200, 200, 429]);
    expect(await statuses(1)).toEqual([200]);
  });

  it('counts each toolset, role and agent that it is about, and no other call', async () => {
    await start([
      limit({ name: 'few', per: 'toolset', limits: '1 calls per 7d', toolsets: ['few'] }),
      limit({ name: 'bob', per: 'namespace', limits: '2 calls per 7d', agents: ['bob'] }),
      limit({ name: 'admins', per: 'principal', limits: '0 calls per 7d', roles: ['admin'] }),
    ]);
    // `look` is the only tool in `few`, whichever door it is called at.
    expect(await statuses(2)).toEqual([200, 429]);
    expect(await statuses(3, 'rows')).toEqual([200, 200, 200]);
    expect(await statuses(3, 'rows', { Authorization: `Bearer ${BOB}` })).toEqual([200, 200, 429]);
  });

  it('holds for what a permit asks in return, for each caller and tool', async () => {
    const policies = fixedPolicies([
      {
        id: `${EVERYWHERE}/few`,
        namespace: EVERYWHERE,
        priority: 1,
        cedar: '@limit("2 calls per 7d") permit(principal, action, resource);',
      },
    ]);
    await start([], { policies });
    expect(await statuses(3)).toEqual([200, 200, 429]);
    expect(await statuses(1, 'rows')).toEqual([200]);
    expect(await statuses(1, 'look', { Authorization: `Bearer ${BOB}` })).toEqual([200]);
    const refused = await invoke();
    expect(((await refused.json()) as { error: string }).error).toContain('`policy:*/few`');
  });

  it('lets as many run at once as it says, and the next when one has ended', async () => {
    await start([limit({ per: 'principal', limits: '2 at once' })]);
    const controllers = [new AbortController(), new AbortController()];
    const held = controllers.map(({ signal }) =>
      fetch(`${running.url}/api/tool/slow/invoke`, {
        ...{ method: 'POST', signal, body: '{}' },
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${ALICE}` },
      }).catch(() => undefined),
    );
    await expect.poll(() => running.gateway.gauges.running()).toBe(2);
    const refused = await invoke();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await invoke('look', { Authorization: `Bearer ${BOB}` })).status).toBe(200);
    for (const controller of controllers) controller.abort();
    await Promise.all(held);
    await expect.poll(() => running.gateway.gauges.running()).toBe(0);
    expect((await invoke()).status).toBe(200);
  });
});

describe('over MCP', () => {
  const stateless = {
    'MCP-Protocol-Version': '2026-07-28',
    'Mcp-Method': 'tools/call',
    'Mcp-Name': 'look',
  };
  const meta = {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  };

  it('refuses a stateless client with 429, `Retry-After` and an error that says when', async () => {
    await start([limit({ per: 'principal', limits: '1 calls per 7d' })]);
    const message = { ...toolCall('look'), params: { name: 'look', arguments: {}, ...meta } };
    const first = await post(`${running.url}/mcp`, message, stateless);
    expect([first.status, first.headers.get('ratelimit')?.split(';t')[0]]).toEqual([200, '"team";r=0']);
    const second = await post(`${running.url}/mcp`, message, stateless);
    expect([second.status, Number(second.headers.get('retry-after')) > 0]).toEqual([429, true]);
    const { error } = (await second.json()) as { error: { code: number; data: object } };
    expect(error).toMatchObject({ code: 429, data: { limit: 'default/team', retryAfterSeconds: expect.any(Number) } });
  });
});

describe('POL-007: a quota under another name', () => {
  it('POL-007: is the same for one caller, whatever client, session, agent or door they come with', async () => {
    await start([limit({ per: 'principal', limits: '4 calls per 7d' })]);
    const disguises: Record<string, string>[] = [
      { 'User-Agent': 'one' },
      { 'User-Agent': 'two', 'Mcp-Session-Id': 'made-up' },
      { 'X-Forwarded-User': 'bob', 'X-Tenant': 'other' },
      { 'X-Client-Id': 'other' },
    ];
    for (const headers of disguises) expect((await invoke('look', headers)).status).toBe(200);
    expect((await invoke('look', { 'User-Agent': 'five' })).status).toBe(429);
    expect((await invoke('rows')).status).toBe(429);
  });
});

describe('POL-008: a limit avoided by headers', () => {
  const FORGED = ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'True-Client-IP', 'CF-Connecting-IP'];

  it('POL-008: of a peer that is no proxy of ours no header says where it is', async () => {
    await start([limit({ per: 'address', limits: '4 calls per 7d' })]);
    for (const [at, name] of FORGED.slice(0, 4).entries())
      expect((await invoke('look', { [name]: `192.0.2.${at}` })).status).toBe(200);
    expect((await invoke('look', { 'CF-Connecting-IP': '192.0.2.99' })).status).toBe(429);
  });

  it('POL-008: behind a proxy of ours the hop that it saw counts, and a /64 is one', async () => {
    await start([limit({ per: 'address', limits: '2 calls per 7d' })], { settings: { trustedProxies: ['127.0.0.1'] } });
    const from = async (list: string): Promise<number> => (await invoke('look', { 'X-Forwarded-For': list })).status;
    expect(await from('203.0.113.1, 198.51.100.7')).toBe(200);
    expect(await from('203.0.113.2, 198.51.100.7')).toBe(200);
    expect(
      await from(`${Array.from({ length: 500 }, (_, at) => `10.0.${at >> 8}.${at & 255}`).join(', ')}, 198.51.100.7`),
    ).toBe(429);
    expect(await from('2001:db8:1:1::1')).toBe(200);
    expect(await from('2001:db8:1:1:ffff::2')).toBe(200);
    expect(await from('2001:db8:1:1:abcd::3')).toBe(429);
    expect(await from('2001:db8:1:2::1')).toBe(200);
  });
});

it('what nobody limits carries no header and is charged nothing', async () => {
  await start([limit({ per: 'principal', limits: '1 calls per 7d', tools: ['dear'] })], {
    policies: fixedPolicies(STARTER_POLICIES),
  });
  const { headers, status } = await invoke();
  expect([status, headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([200, null, null]);
});
