/**
 * Two people, two owners, two upstreams and any order of signing in, allowing, linking, ending, and taking what is
 * another's, against a model: a token of a provider comes to its own person, for the owner that it was linked for,
 * and while a session goes on that was allowed to have it. Nobody else ever holds it.
 */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { reveal } from '#kernel';
import { octocat } from '../../../test/github-shaped-idp.ts';
import { Surfer } from '../../../test/surfer.ts';
import { letIn, startFederated, type LetIn } from './federated.fixture.ts';

const PEOPLE = ['ana', 'bob'] as const;
const UPSTREAMS = ['company', 'github'] as const;
const OWNERS = [
  {
    ...{ namespace: 'one', name: 'a', resource: 'https://a.example/mcp', scopes: ['read:flights'] },
    upstreams: ['company', 'github'],
  },
  { namespace: 'two', name: 'b', resource: 'https://b.example/mcp', scopes: ['read:flights'], upstreams: ['github'] },
] as const;
const ownerName = (owner: number): string => `${OWNERS[owner]?.namespace}/${OWNERS[owner]?.name}`;
const mayUse = (owner: number, upstream: number): boolean =>
  OWNERS[owner]?.upstreams.some((name) => name === UPSTREAMS[upstream]) === true;

const person = fc.nat(1);
const owner = fc.nat(1);
const upstream = fc.nat(1);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('allow' as const), person, owner, anew: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('link' as const), person, owner, upstream }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('steal' as const), person, owner, upstream }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), person, owner, upstream }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), person, owner }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('exchange' as const), person, owner, claimed: owner, upstream }),
  },
);

test('nobody obtains a token of another person or owner, whatever they do', { timeout: 300_000 }, async () => {
  const federated = await startFederated('sqlite', { owners: () => OWNERS });
  const { process, company, github } = federated;
  company.accounts.set('bob', { preferred_username: 'bob' });

  /** Whom the provider takes the token for: the index of the person. */
  async function holderOf(token: string): Promise<number> {
    if (token.startsWith('gho_')) {
      const answer = await fetch(`${github.url}/api/v3/user`, { headers: { authorization: `Bearer ${token}` } });
      return ((await answer.json()) as { readonly id: number }).id - 1000;
    }
    const answer = await fetch(`${company.issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
    return PEOPLE.indexOf(((await answer.json()) as { readonly sub: (typeof PEOPLE)[number] }).sub);
  }

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), async (steps) => {
      const surfers = PEOPLE.map(() => new Surfer(process));
      const held = new Map<string, LetIn[]>();
      const live = new Map<string, LetIn[]>();
      const linked = new Set<string>();
      const places = new Map<string, string>();
      const ids = new Map<number, string>();
      const become = (who: number): Surfer => {
        company.account = PEOPLE[who] as string;
        github.account = { ...octocat, id: 1000 + who, login: `octo-${who}` };
        return surfers[who] as Surfer;
      };
      for (const one of steps) {
        const pair = `${one.person} ${one.owner}`;
        const surfer = become(one.person);
        if (one.do === 'allow') {
          // In a browser that has signed in before nobody is sent to the provider, which then gives nothing.
          if (one.anew) surfer.browser.cookies.clear();
          const fresh = !surfer.browser.cookies.has('chatelaine');
          const made = await letIn(process, surfer, { resource: OWNERS[one.owner]?.resource ?? '' });
          ids.set(one.person, made.userId);
          held.set(pair, [...(held.get(pair) ?? []), made]);
          live.set(pair, [...(live.get(pair) ?? []), made]);
          if (fresh && mayUse(one.owner, 0)) linked.add(`${pair} 0`);
        } else if (one.do === 'link' || one.do === 'steal') {
          const form = /name="form" value="([^"]+)"/.exec((await surfer.browser.get('/console/connections')).text)?.[1];
          if (form === undefined) continue;
          const asked = {
            account: 'connect',
            owner: ownerName(one.owner),
            upstream: UPSTREAMS[one.upstream] as string,
          };
          const away = await surfer.browser.post('/console/connections', { form, ...asked });
          const may = (live.get(pair) ?? []).length > 0 && mayUse(one.owner, one.upstream);
          expect(away.status).toBe(may ? 200 : 403);
          if (!may) continue;
          const callback = await surfer.through(away);
          if (one.do === 'steal') {
            const thief = surfers[1 - one.person] as Surfer;
            for (const [name, value] of surfer.browser.cookies)
              if (name.startsWith('chatelaine-leg-')) thief.browser.cookies.set(name, value);
            expect((await thief.browser.get(callback)).status).toBe(403);
            continue;
          }
          expect((await surfer.browser.get(callback)).to).toBe('/console/connections?after=connect');
          linked.add(`${pair} ${one.upstream}`);
        } else if (one.do === 'disconnect') {
          const form = /name="form" value="([^"]+)"/.exec((await surfer.browser.get('/console/connections')).text)?.[1];
          if (form === undefined) continue;
          const asked = { owner: ownerName(one.owner), upstream: UPSTREAMS[one.upstream] as string };
          await surfer.browser.post('/console/connections', { form, account: 'disconnect', ...asked });
          linked.delete(`${pair} ${one.upstream}`);
        } else if (one.do === 'end') {
          const userId = ids.get(one.person);
          if (userId === undefined) continue;
          await process.server.sessions.end({ userId, owner: ownerName(one.owner) }, 'test');
          live.delete(pair);
          for (const index of [0, 1]) linked.delete(`${pair} ${index}`);
          const left = () =>
            process.database.db
              .selectFrom('grants')
              .select('id')
              .where('user_id', '=', userId)
              .where('owner', '=', ownerName(one.owner))
              .execute();
          await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 10_000 });
        } else {
          for (const made of held.get(pair) ?? []) {
            const answer = await process.server.grants.upstreamToken({
              subjectToken: made.accessToken,
              owner: ownerName(one.claimed),
              upstream: UPSTREAMS[one.upstream] as string,
            });
            const goesOn = live.get(pair)?.includes(made) === true;
            const expected =
              !goesOn || one.claimed !== one.owner
                ? 'session'
                : !mayUse(one.owner, one.upstream)
                  ? 'upstream'
                  : linked.has(`${pair} ${one.upstream}`)
                    ? 'a token'
                    : 'link';
            expect(answer.ok ? 'a token' : answer.error.reason).toBe(expected);
            if (!answer.ok) continue;
            const token = reveal(answer.value.accessToken);
            expect(await holderOf(token)).toBe(one.person);
            const place = `${pair} ${one.upstream}`;
            expect(places.get(token) ?? place).toBe(place);
            places.set(token, place);
          }
        }
      }
      for (const userId of ids.values()) await process.server.sessions.end({ userId }, 'test');
      const left = () => process.database.db.selectFrom('grants').select('id').execute();
      await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 10_000 });
    }),
    { numRuns: 15 },
  );
});
