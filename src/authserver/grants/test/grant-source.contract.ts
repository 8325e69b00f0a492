/**
 * What every way to grants must do: run by the one in the process of the authorization server, and by the one
 * over mTLS beside it. `make` builds it over a real keeper of grants.
 */
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import type { GrantSource } from '#contract';

export interface GrantSourceUnderTest {
  readonly source: GrantSource;
  /** A session of a new person with that owner, who consented to those upstreams; gives its subject token. */
  session(owner: string, upstreams: readonly string[]): Promise<Secret>;
  /** Links the person of the session at the upstream `linked`; gives the access token. */
  link(subjectToken: Secret): Promise<string>;
  /** Has the token of the provider end, and the provider down or up. */
  expire(): void;
  provider(state: 'up' | 'down' | 'revoked'): void;
  /** Ends the session. */
  end(subjectToken: Secret): Promise<void>;
}

const OWNER = 'engineering/github-mcp';
const FOREIGN = 'everyone/slack-mcp';

/** The suite. The upstreams of `make` are `linked`, which people can be linked at, and `other`. */
export function grantSourceContract(name: string, make: () => Promise<GrantSourceUnderTest>): void {
  describe(`${name}: a way to grants`, () => {
    const ask = async ({ source }: GrantSourceUnderTest, subjectToken: Secret, owner = OWNER, upstream = 'linked') => {
      const answer = await source.upstreamToken({ subjectToken, owner, upstream });
      return answer.ok ? reveal(answer.value.accessToken) : answer.error.reason;
    };

    test('gives the access token of the person of the session, its life and nothing else', async () => {
      const made = await make();
      const subject = await made.session(OWNER, ['linked']);
      const token = await made.link(subject);
      const answer = await made.source.upstreamToken({ subjectToken: subject, owner: OWNER, upstream: 'linked' });
      if (!answer.ok) throw new Error(answer.error.reason);
      expect(reveal(answer.value.accessToken)).toBe(token);
      expect(answer.value.expiresInSeconds).toBeGreaterThan(0);
      expect(Object.keys(answer.value).toSorted()).toEqual(['accessToken', 'expiresInSeconds', 'scopes']);
    });

    test('gives everybody their own', async () => {
      const made = await make();
      const subjects = [await made.session(OWNER, ['linked']), await made.session(OWNER, ['linked'])];
      const tokens = [await made.link(subjects[0] as Secret), await made.link(subjects[1] as Secret)];
      expect(tokens[0]).not.toBe(tokens[1]);
      expect(await Promise.all(subjects.map((subject) => ask(made, subject)))).toEqual(tokens);
    });

    test('answers a session of another owner, one that is over and one that never was alike', async () => {
      const made = await make();
      const subject = await made.session(OWNER, ['linked']);
      await made.link(subject);
      const over = await made.session(OWNER, ['linked']);
      await made.link(over);
      await made.end(over);
      const answers = [];
      for (const [token, owner] of [
        [subject, FOREIGN],
        [over, OWNER],
        [new Secret('no token of ours'), OWNER],
        [new Secret(''), OWNER],
      ] as const) {
        answers.push(await made.source.upstreamToken({ subjectToken: token, owner, upstream: 'linked' }));
      }
      expect(answers).toEqual(answers.map(() => ({ ok: false, error: { reason: 'session' } })));
    });

    test('gives nothing of an upstream that the session has nothing to do with', async () => {
      const made = await make();
      const subject = await made.session(OWNER, ['linked']);
      await made.link(subject);
      expect(await ask(made, subject, OWNER, 'other')).toBe('upstream');
      expect(await ask(made, subject, OWNER, 'nonesuch')).toBe('upstream');
    });

    test('says that an account is to be linked: never was, or not any more', async () => {
      const made = await make();
      const subject = await made.session(OWNER, ['linked', 'other']);
      expect(await ask(made, subject)).toBe('link');
      await made.link(subject);
      expect(await ask(made, subject, OWNER, 'other')).toBe('link');
      made.expire();
      made.provider('revoked');
      expect(await ask(made, subject)).toBe('link');
    });

    test('says when a provider is down, and for how long to wait', async () => {
      const made = await make();
      const subject = await made.session(OWNER, ['linked']);
      const first = await made.link(subject);
      made.expire();
      made.provider('down');
      const answer = await made.source.upstreamToken({ subjectToken: subject, owner: OWNER, upstream: 'linked' });
      expect(answer).toMatchObject({ ok: false, error: { reason: 'unavailable' } });
      expect(answer.ok ? 0 : (answer.error as { retryAfterSeconds: number }).retryAfterSeconds).toBeGreaterThan(0);
      made.provider('up');
      made.expire();
      expect(await ask(made, subject)).not.toBe(first);
    });
  });
}
