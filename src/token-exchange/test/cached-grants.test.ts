/** What a gateway remembers of exchanges, and that nobody ever has another's. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { err, ok, reveal, Secret, type Clock, type Result } from '#kernel';
import type { GrantRefusal, UpstreamAccessToken, UpstreamTokenRequest } from '#contract';
import { CACHE_CEILING_MS, CachedGrants } from '#token-exchange';

const START = 1_900_000_000_000;

/** A token of ours, as far as the cache reads it. */
const subject = (claims: Readonly<Record<string, unknown>> = {}): Secret => {
  const payload = { iss: 'https://as.test', sub: 'alice', tsid: 't1', aud: 'r1', exp: START / 1000 + 900, ...claims };
  return new Secret(`h.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.s`);
};

interface Cached {
  readonly cache: CachedGrants;
  readonly asked: UpstreamTokenRequest[];
  now: number;
  /** What the source answers; a token of its own for each question without it. */
  answer: (() => Promise<Result<UpstreamAccessToken, GrantRefusal>>) | undefined;
  expiresInSeconds: number | undefined;
}

function cached(most?: number): Cached {
  const asked: UpstreamTokenRequest[] = [];
  const clock: Clock = { now: () => made.now };
  const made: Cached = {
    ...{ asked, now: START, answer: undefined, expiresInSeconds: 600 },
    cache: new CachedGrants({
      clock,
      ...(most !== undefined && { most }),
      source: {
        upstreamToken(request) {
          asked.push(request);
          const { subjectToken, owner, upstream } = request;
          const token = new Secret(`canary of ${reveal(subjectToken)} ${owner} ${upstream} ${asked.length}`);
          const { expiresInSeconds } = made;
          return made.answer?.() ?? Promise.resolve(ok({ accessToken: token, expiresInSeconds, scopes: ['repo'] }));
        },
      },
    }),
  };
  return made;
}

const asking = (more: Partial<UpstreamTokenRequest> = {}): UpstreamTokenRequest => ({
  ...{ subjectToken: subject(), owner: 'ns-a/srv-a', upstream: 'linked' },
  ...more,
});

async function tokenOf({ cache }: Cached, request = asking()): Promise<string> {
  const answer = await cache.upstreamToken(request);
  return answer.ok ? reveal(answer.value.accessToken) : answer.error.reason;
}

test('who asks again has the same token, with what is left of its life', async () => {
  const made = cached();
  const first = await tokenOf(made);
  made.now += 10_000;
  expect(await made.cache.upstreamToken(asking())).toMatchObject({ ok: true, value: { expiresInSeconds: 590 } });
  expect(await tokenOf(made)).toBe(first);
  expect(made.asked).toHaveLength(1);
});

test('a thousand people through one gateway each have their own, whatever they have in common (INT-022)', async () => {
  const made = cached();
  const people = Array.from({ length: 1000 }, (_, at) => {
    // Of two each the subject is the same at different issuers, of others one session has two tokens.
    const claims = { sub: `user-${at >> 1}`, iss: `https://idp-${at % 2}.test`, tsid: `t${at}` };
    return [
      asking({ subjectToken: subject(claims) }),
      asking({ subjectToken: subject({ ...claims, jti: 'refreshed' }) }),
    ];
  }).flat();
  for (let round = 0; round < 2; round++) {
    const tokens = await Promise.all(people.map((request) => tokenOf(made, request)));
    for (const [at, token] of tokens.entries())
      expect(token.startsWith(`canary of ${reveal((people[at] as UpstreamTokenRequest).subjectToken)} `)).toBe(true);
  }
  expect(made.asked).toHaveLength(people.length);
  expect(made.cache.size).toBe(people.length);
});

test('no part of a question can be moved into another (INT-022)', async () => {
  const text = fc.string({ maxLength: 6 });
  const question = fc.tuple(text, text, text);
  await fc.assert(
    fc.asyncProperty(question, question, async (one, other) => {
      const made = cached();
      const requestOf = ([jti, owner, upstream]: readonly [string, string, string]) =>
        asking({ subjectToken: subject({ jti }), owner, upstream });
      const first = await tokenOf(made, requestOf(one));
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      expect((await tokenOf(made, requestOf(other))) === first).toBe(isSame);
    }),
    { numRuns: 500 },
  );
});

test('it is bounded, and who was longest not asked for goes first (INT-022)', async () => {
  const made = cached(2);
  for (const jti of ['1', '2', '1', '3', '1', '2']) await tokenOf(made, asking({ subjectToken: subject({ jti }) }));
  expect(made.cache.size).toBe(2);
  expect(made.asked).toHaveLength(4);
});

describe('a token is asked for anew', () => {
  test.each([
    ['after the ceiling, which is when a revocation is honoured at the latest (INT-020)', CACHE_CEILING_MS, 600, 900],
    ['when that of the provider is about to end', 7_000, 10, 900],
    ['when the subject token has ended', 12_000, 600, 12],
    ['after the ceiling where the provider does not say how long it lives', CACHE_CEILING_MS, undefined, 900],
  ])('%s', async (_, afterMs, life, subjectLife) => {
    const made = cached();
    made.expiresInSeconds = life;
    const request = asking({ subjectToken: subject({ exp: START / 1000 + subjectLife }) });
    const first = await tokenOf(made, request);
    made.now += Math.min(afterMs, 4_000);
    expect(await tokenOf(made, request)).toBe(first);
    made.now = START + afterMs;
    expect(await tokenOf(made, request)).not.toBe(first);
  });

  test('when the clock was set back', async () => {
    const made = cached();
    const first = await tokenOf(made);
    made.now -= 3_600_000;
    expect(await tokenOf(made)).not.toBe(first);
  });

  test('when the back end has refused it, though it is being asked for', async () => {
    const made = cached();
    const first = await tokenOf(made);
    made.cache.evict(asking());
    expect(await tokenOf(made)).not.toBe(first);
    const late = Promise.withResolvers<Result<UpstreamAccessToken, GrantRefusal>>();
    made.cache.evict(asking());
    made.answer = () => late.promise;
    const running = tokenOf(made);
    made.cache.evict(asking());
    late.resolve(ok({ accessToken: new Secret('stale'), expiresInSeconds: 600, scopes: [] }));
    expect(await running).toBe('stale');
    made.answer = undefined;
    expect(await tokenOf(made)).not.toBe('stale');
  });

  test('where it is asked for with what the back end refused; the next one is kept for those who are late with it', async () => {
    const made = cached();
    const first = new Secret(await tokenOf(made));
    const next = await tokenOf(made, asking({ refused: first }));
    expect(next).not.toBe(reveal(first));
    expect(await tokenOf(made, asking({ refused: first }))).toBe(next);
    expect(made.asked).toHaveLength(2);
  });

  test('for the ID token in the place of an access token', async () => {
    const made = cached();
    const access = await tokenOf(made);
    expect(await tokenOf(made, asking({ wanted: 'id_token' }))).not.toBe(access);
    expect(await tokenOf(made)).toBe(access);
  });

  test('when it was refused, or nobody could say: neither is kept', async () => {
    const made = cached();
    made.answer = async () => err({ reason: 'link' });
    expect(await tokenOf(made)).toBe('link');
    made.answer = () => Promise.reject(new Error('down'));
    await expect(tokenOf(made)).rejects.toThrow('down');
    made.answer = undefined;
    expect(await tokenOf(made)).toMatch(/^canary/);
  });

  test('every time for a subject token that does not say when it ends', async () => {
    const made = cached();
    for (const subjectToken of [new Secret('opaque'), subject({ exp: 'never' })]) {
      await tokenOf(made, asking({ subjectToken }));
      await tokenOf(made, asking({ subjectToken }));
    }
    expect(made.asked).toHaveLength(4);
    expect(made.cache.size).toBe(0);
  });
});

test('of many who ask at once one asks the source', async () => {
  const made = cached();
  const tokens = await Promise.all(Array.from({ length: 100 }, () => tokenOf(made)));
  expect(new Set(tokens).size).toBe(1);
  expect(made.asked).toHaveLength(1);
});

test('of a hundred who were refused the same token one asks for another, and a newer one is not forgotten for it', async () => {
  const made = cached();
  const refused = new Secret(await tokenOf(made));
  const answers = await Promise.all(Array.from({ length: 100 }, () => tokenOf(made, asking({ refused }))));
  expect(made.asked).toHaveLength(2);
  expect(new Set(answers).size).toBe(1);
  expect(answers).not.toContain(reveal(refused));
  expect(await tokenOf(made, asking({ refused }))).toBe(answers[0]);
  expect(made.asked).toHaveLength(2);
});
