/**
 * Two processes, any order of people who sign in, come back, replay, refresh and sign out, against a model:
 * a state works at most once, and nobody ever holds a token of another person or owner.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reveal } from '#kernel';
import { operator, provisionUser } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { octocat, startGithubShapedIdp } from '../../../test/github-shaped-idp.ts';
import { finish, githubOf, startFederation, visit, type Returned } from './federation.fixture.ts';

const OWNERS = ['engineering/one', 'everyone/two'] as const;
const PEOPLE = 2;

type Step =
  | { readonly do: 'begin'; readonly person: number; readonly owner: number; readonly process: number }
  | { readonly do: 'finish'; readonly leg: number; readonly process: number; readonly twice: boolean }
  | { readonly do: 'ask'; readonly person: number; readonly owner: number; readonly process: number }
  | { readonly do: 'sign-out'; readonly person: number; readonly owner: number; readonly process: number }
  | { readonly do: 'later' };

const person = fc.nat(PEOPLE - 1);
const owner = fc.nat(OWNERS.length - 1);
const process = fc.nat(1);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('begin' as const), person, owner, process }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('finish' as const), leg: fc.nat(9), process, twice: fc.boolean() }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), person, owner, process }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('sign-out' as const), person, owner, process }) },
    { weight: 1, arbitrary: fc.constant({ do: 'later' as const }) },
  ),
  { minLength: 6, maxLength: 24 },
);

describe.each(dialects)('on %s', (dialect) => {
  test('a state works once, and a token reaches its own person and owner alone', { timeout: 240_000 }, async () => {
    const idp = await startGithubShapedIdp();
    idp.expiring = true;
    const document = githubOf(idp);
    const one = await startFederation(dialect, () => [document]);
    const processes = [one, await one.beside()] as const;
    const at = (index: number) => processes[index] ?? one;
    const users: string[] = [];
    for (let index = 0; index < PEOPLE; index++) {
      const identity = { issuer: 'https://company.example', subject: `p${index}` };
      users.push(
        (await provisionUser({ frame: one.identity.frame, users: one.users }, { door: 'oauth' }, identity)).user.id,
      );
    }
    /** The account at the provider that a token opens. */
    const accountOf = async (token: string): Promise<number> => {
      const answer = await fetch(`${idp.url}/api/v3/user`, { headers: { authorization: `Bearer ${token}` } });
      return ((await answer.json()) as { readonly id: number }).id;
    };

    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const legs: { readonly returned: Returned; readonly person: number; readonly owner: number; used: boolean }[] =
          [];
        const linked = new Set<string>();
        const holders = new Map<string, string>();
        const keyOf = (who: number, whose: number) => ({
          userId: users[who] as string,
          owner: OWNERS[whose] as string,
          upstream: 'github',
        });
        for (const userId of users) await one.grants.revoke({ userId }, operator().origin);
        for (const step of script) {
          if (step.do === 'later') {
            one.clock.advance(8 * 3_600_000);
          } else if (step.do === 'begin') {
            idp.account = { ...octocat, id: 1000 + step.person };
            const purpose = {
              kind: 'link',
              user: { id: users[step.person] as string, issuer: 'x', subject: 'x' },
            } as const;
            const request = { upstream: 'github', purpose, owner: OWNERS[step.owner] as string };
            const begunAt = one.clock.now();
            legs.push({
              returned: await visit(at(step.process).legs, request),
              person: step.person,
              owner: step.owner,
              used: false,
            });
            expect(one.clock.now() - begunAt).toBeLessThan(60_000);
          } else if (step.do === 'finish') {
            const leg = legs[step.leg % Math.max(1, legs.length)];
            if (leg === undefined) continue;
            const user = { id: users[leg.person] as string, issuer: 'x', subject: 'x' };
            const tries = step.twice ? [step.process, 1 - step.process] : [step.process];
            const endings = await Promise.all(tries.map((index) => finish(at(index), leg.returned, { user })));
            const good = endings.flatMap(({ outcome }) => (outcome.ok ? [outcome.value] : []));
            expect(good.length).toBeLessThanOrEqual(leg.used ? 0 : 1);
            leg.used = true;
            for (const { tokens, identity, owner: whose, userId } of good) {
              expect([userId, whose]).toEqual([users[leg.person], OWNERS[leg.owner]]);
              await at(step.process).grants.save(keyOf(leg.person, leg.owner), { tokens, identity }, operator().origin);
              linked.add(`${leg.person} ${leg.owner}`);
            }
          } else if (step.do === 'ask') {
            const answer = await at(step.process).grants.upstreamToken(keyOf(step.person, step.owner));
            expect(answer.ok).toBe(linked.has(`${step.person} ${step.owner}`));
            if (!answer.ok) continue;
            const token = reveal(answer.value.accessToken);
            expect(await accountOf(token)).toBe(1000 + step.person);
            const holder = `${step.person} ${step.owner}`;
            expect(holders.get(token) ?? holder).toBe(holder);
            holders.set(token, holder);
          } else {
            await at(step.process).grants.revoke(keyOf(step.person, step.owner), operator().origin);
            linked.delete(`${step.person} ${step.owner}`);
          }
        }
      }),
      { numRuns: dialect === 'sqlite' ? 30 : 12 },
    );
  });
});
