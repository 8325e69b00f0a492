import { describe, expect, test } from 'vitest';
import {
  NOBODY,
  serverOAuthSchema,
  type CallerFace,
  type GrantRefusal,
  type ProtectedServer,
  type UpstreamTokenWish,
} from '#contract';
import { err, ok, reveal, Secret, systemClock, type Clock } from '#kernel';
import { openServerOAuth } from '#outgoing-auth';
import { refusal as refusalOf } from '../../../../test/refusal.ts';

const SERVER = 'https://mcp.example/flights/mcp';

const serverOf = (auth: object = {}): ProtectedServer => ({
  ...{ namespace: 'default', name: 'flights', displayName: 'Flights', url: SERVER },
  auth: serverOAuthSchema.parse({ type: 'oauth', ...auth }),
  reach: { allowedIpRanges: [], customBlockedIpRanges: [], allowPrivateNetworks: false },
});

const refusalCode = (work: Promise<unknown>): Promise<string> => refusalOf(() => work);
const requestTo = (url: string) => ({ method: 'POST', url: new URL(url), headers: {}, body: '{}' });
const sentOf = (token: string) => ({ authorization: new Secret(`Bearer ${token}`) });

/** Somebody whose grant a test writes down: what they are given, and what once that was refused. */
class Somebody implements CallerFace {
  readonly context: string;
  token: string | GrantRefusal;
  next: string | GrantRefusal | undefined;
  scopes: readonly string[] = ['read'];

  constructor(token: string | GrantRefusal, context = 'ana') {
    this.token = token;
    this.context = context;
  }

  upstreamToken(upstream: string, { refused }: UpstreamTokenWish = {}): ReturnType<CallerFace['upstreamToken']> {
    if (upstream !== 'mcp~default~flights') return Promise.resolve(err({ reason: 'upstream' }));
    if (refused !== undefined && reveal(refused) === this.token) this.token = this.next ?? this.token;
    const { token, scopes } = this;
    return Promise.resolve(
      typeof token === 'string' ? ok({ accessToken: new Secret(token), expiresInSeconds: 60, scopes }) : err(token),
    );
  }
}

const tokens = { ownToken: () => Promise.reject(new Error('no token of ours is asked for')) };
const open = (auth: object = {}, clock: Clock = systemClock) => openServerOAuth(serverOf(auth), { clock, tokens });

test('the token of the caller goes to the server, and nowhere else (RFC 8707)', async () => {
  const auth = open();
  const ana = new Somebody('hers');
  expect(auth.perCaller).toBe(true);
  expect(reveal((await auth.headers(ana, requestTo(SERVER)))['authorization'] as Secret)).toBe('Bearer hers');
  for (const url of [
    'https://mcp.example/flights/mcpx',
    'https://mcp.example/flights',
    'https://mcp.example/',
    'https://other.example/flights/mcp',
    'http://mcp.example/flights/mcp',
    'https://mcp.example:8443/flights/mcp',
    'https://user@mcp.example/flights/mcp',
    'https://mcp.example/flights/mcp/../../other',
  ])
    expect([url, await refusalCode(auth.headers(ana, requestTo(url)))]).toEqual([url, 'TOKEN_FOR_ANOTHER_RESOURCE']);
});

test.each<[string, GrantRefusal, string]>([
  ['no sign-in', { reason: 'session' }, 'CALLER_NOT_SIGNED_IN'],
  ['no permission of the person', { reason: 'upstream' }, 'UPSTREAM_NOT_ALLOWED'],
  ['nothing linked', { reason: 'link' }, 'ACCOUNT_NOT_LINKED'],
  ['the other side is down', { reason: 'unavailable', retryAfterSeconds: 7 }, 'GRANT_UNAVAILABLE'],
])('without a token nothing is sent: %s', async (_, refusal, code) => {
  expect(await refusalCode(open().headers(new Somebody(refusal), requestTo(SERVER)))).toBe(code);
});

test('whoever came without a sign-in is told so', async () => {
  expect(await refusalCode(open().headers(NOBODY, requestTo(SERVER)))).toBe('CALLER_NOT_SIGNED_IN');
});

describe('after a 401', () => {
  const refusal = { status: 401, challenge: 'Bearer error="invalid_token"' } as const;

  test('another token is tried', async () => {
    const ana = new Somebody('old');
    ana.next = 'new';
    expect(await open().refused(ana, sentOf('old'), refusal)).toBe(true);
    // Somebody else was refused with it before: it has been replaced already.
    expect(await open().refused(ana, sentOf('old'), refusal)).toBe(true);
  });

  test('where there is no other, the person is asked to consent again, three times in ten minutes', async () => {
    let now = 0;
    const auth = open({}, { now: () => now });
    const ana = new Somebody('one');
    const code = (token: string) =>
      auth.refused(ana, sentOf(token), refusal).then(String, (error: { code: string }) => error.code);
    for (const token of ['one', 'two', 'three']) {
      ana.token = token;
      expect(await code(token)).toBe('ACCOUNT_NOT_LINKED');
      // Who calls again before they have consented uses nothing up.
      expect(await code(token)).toBe('ACCOUNT_NOT_LINKED');
    }
    ana.token = 'four';
    expect(await code('four')).toBe('false');
    const ben = new Somebody('four', 'ben');
    await expect(auth.refused(ben, sentOf('four'), refusal)).rejects.toMatchObject({ code: 'ACCOUNT_NOT_LINKED' });
    now += 10 * 60_000;
    expect(await code('four')).toBe('ACCOUNT_NOT_LINKED');
  });

  test('an account that was ended meanwhile is what the next try says', async () => {
    const ana = new Somebody('old');
    ana.next = { reason: 'link' };
    const auth = open();
    expect(await auth.refused(ana, sentOf('old'), refusal)).toBe(true);
    expect(await refusalCode(auth.headers(ana, requestTo(SERVER)))).toBe('ACCOUNT_NOT_LINKED');
  });
});

describe('after a 403 (MCP authorization, step-up)', () => {
  const stepUp = (scope?: string) =>
    ({
      status: 403,
      challenge: `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`,
    }) as const;

  test('consent is asked for the scopes of before and those of the challenge', async () => {
    await expect(open().refused(new Somebody('t'), sentOf('t'), stepUp('write read'))).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_LINKED',
      details: { upstream: 'mcp~default~flights', scopes: ['read', 'write'] },
    });
  });

  test.each<[string, string | undefined]>([
    ['nothing is asked for', undefined],
    ['what was given is asked for', 'Bearer error="insufficient_scope", scope="read"'],
    ['no scope is named', 'Bearer error="insufficient_scope"'],
    ['it is about something else', 'Bearer error="access_denied", scope="write"'],
    ['another scheme challenges', 'Basic realm="x"'],
  ])('where %s, nothing is tried again', async (_, challenge) => {
    expect(await open().refused(new Somebody('t'), sentOf('t'), { status: 403, challenge })).toBe(false);
  });

  test('whoever has stepped up meanwhile tries again', async () => {
    expect(await open().refused(new Somebody('stronger'), sentOf('t'), stepUp('write'))).toBe(true);
  });

  test('a server that asks for more each time is stopped', async () => {
    const auth = open();
    const ana = new Somebody('t0');
    const codes: string[] = [];
    for (let round = 0; round < 5; round++) {
      ana.token = `t${round}`;
      codes.push(await refusalCode(auth.refused(ana, sentOf(ana.token), stepUp(`scope-${round}`))));
      ana.scopes = [...ana.scopes, `scope-${round}`];
    }
    expect(codes).toEqual([
      ...Array.from({ length: 3 }, () => 'ACCOUNT_NOT_LINKED'),
      ...Array.from({ length: 2 }, () => 'STEP_UP_REFUSED'),
    ]);
  });

  test('beyond the scopes of the document nothing is asked for', async () => {
    const refused = open({ scopes: ['read', 'list'] }).refused(new Somebody('t'), sentOf('t'), stepUp('write'));
    expect(await refusalCode(refused)).toBe('STEP_UP_REFUSED');
  });
});

test('a token of our own is the same for everybody, and replaced when it is refused', async () => {
  const asked: (string | undefined)[] = [];
  const own = {
    ownToken: (upstream: string, refused?: Secret) => {
      asked.push(refused && reveal(refused));
      return Promise.resolve(new Secret(refused === undefined ? `ours at ${upstream}` : 'the next'));
    },
  };
  const config = { grant: 'client_credentials', clientId: 'desk', clientSecret: 'x', issuer: 'https://auth.example' };
  const auth = openServerOAuth(serverOf(config), { clock: systemClock, tokens: own });
  expect(auth.perCaller).toBe(false);
  const sent = await auth.headers(NOBODY, requestTo(SERVER));
  expect(reveal(sent['authorization'] as Secret)).toBe('Bearer ours at mcp~default~flights');
  expect(await auth.refused(NOBODY, sent, { status: 401, challenge: undefined })).toBe(true);
  expect(await auth.refused(NOBODY, sent, { status: 403, challenge: undefined })).toBe(false);
  expect(asked).toEqual([undefined, 'ours at mcp~default~flights']);
  expect(await refusalCode(auth.headers(NOBODY, requestTo('https://other.example/mcp')))).toBe(
    'TOKEN_FOR_ANOTHER_RESOURCE',
  );
});
