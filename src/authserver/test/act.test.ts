import fc from 'fast-check';
import { expect, test } from 'vitest';
import { actorsOf, MOST_ACT_BYTES, MOST_ACTORS, readAct, withActor, type Act, type Actor } from '../grant-types/act.ts';

const word = fc.string({ minLength: 1, maxLength: 40 });
const actor: fc.Arbitrary<Actor> = fc
  .record({ iss: word, sub: word, client_id: word, agent: fc.option(word, { nil: undefined }) })
  .map(({ agent, ...rest }) => ({ ...rest, ...(agent !== undefined && { agent }) }));

/** The first of them acts twice in a row. */
const chained = (actors: readonly Actor[]) =>
  actors.reduce<ReturnType<typeof withActor>>(
    (chain, next) => (chain.ok ? withActor(next, chain.value) : chain),
    withActor(actors[0] as Actor, undefined),
  );

test('a chain is read as it was written, nearest first', () => {
  fc.assert(
    fc.property(fc.array(actor, { minLength: 1, maxLength: 9 }), (actors) => {
      const [first, ...rest] = actors as [Actor, ...Actor[]];
      let chain: Act = first;
      for (const next of rest) {
        const longer = withActor(next, chain);
        if (!longer.ok) return;
        chain = longer.value;
      }
      expect(readAct(JSON.parse(JSON.stringify(chain)))).toEqual(chain);
      expect(actorsOf(chain).map(({ sub }) => sub)).toEqual(actors.map(({ sub }) => sub).toReversed());
    }),
  );
});

test('eleven are one too many, and so are more than 8 KiB', () => {
  const one: Actor = { iss: 'https://as.test', sub: 'a', client_id: 'a' };
  expect(chained(Array.from({ length: MOST_ACTORS - 1 }, () => one)).ok).toBe(true);
  expect(chained(Array.from({ length: MOST_ACTORS }, () => one)).ok).toBe(false);
  expect(withActor({ ...one, sub: 'x'.repeat(MOST_ACT_BYTES) }, undefined).ok).toBe(false);
});

test.each([
  ['a text', 'worker'],
  ['a list', [{ iss: 'a', sub: 'a', client_id: 'a' }]],
  ['nobody', {}],
  ['no client', { iss: 'a', sub: 'a' }],
  ['an actor inside that is none', { iss: 'a', sub: 'a', client_id: 'a', act: { sub: 'b' } }],
  ['an agent that is no text', { iss: 'a', sub: 'a', client_id: 'a', agent: {} }],
])('%s is no chain that we wrote', (_, claim) => {
  expect(readAct(claim)).toBeUndefined();
});
