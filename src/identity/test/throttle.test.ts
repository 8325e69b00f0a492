import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChatelaineError } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { normalizeName } from '../sign-in/people.ts';
import { reveal } from '#kernel';
import { addressBlock } from '../throttle/address-block.ts';
import { NAME_HERE_BUDGET, waitAfter, waitLadder, type Budget } from '../throttle/budget.ts';
import { PASSWORD, refusalCode, startSignIn, TEST_COST, VISITOR } from './sign-in.fixture.ts';
import { Throttle } from '../throttle/throttle.ts';

const MINUTE = 60_000;
const WRONG = 'a wrong password 77';
const elsewhere = (last: number) => ({ ...VISITOR, address: `203.0.113.${last}` });

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
])('%s is counted as %s', (address, block) => {
  expect(addressBlock(address)).toBe(block);
});

test('two addresses of one /64 are one, and of two /64 are two', () => {
  const group = fc.nat(0xffff);
  const spell = (groups: readonly number[]): string => groups.map((one) => one.toString(16)).join(':');
  fc.assert(
    fc.property(
      fc.tuple(group, group, group, group),
      fc.tuple(group, group, group, group),
      fc.nat(3),
      (net, host, at) => {
        fc.pre(net[0] !== 0);
        const other = net.with(at, (net[at] as number) ^ 1);
        expect(addressBlock(spell([...net, ...host]))).toBe(addressBlock(spell([...net, 1, 2, 3, 4])));
        expect(addressBlock(spell([...net, ...host]))).not.toBe(addressBlock(spell([...other, ...host])));
      },
    ),
  );
});

test('waits grow, never shrink, and end', () => {
  const ladder = Array.from({ length: 40 }, (_, index) => waitAfter(NAME_HERE_BUDGET, index + 1));
  expect(ladder.slice(0, 7)).toEqual([0, 0, 0, 0, 30_000, 60_000, 120_000]);
  expect(ladder.toSorted((left, right) => left - right)).toEqual(ladder);
  expect(ladder.at(-1)).toBe(15 * MINUTE);
  expect(waitLadder(NAME_HERE_BUDGET).at(-1)).toEqual({ attempt: 10, waitMs: 15 * MINUTE });
});

describe.each(dialects)('the throttle: %s', (dialect) => {
  const budget: Budget = { name: 'test', free: 3, firstWaitMs: 1000, longestWaitMs: 4000, forgiveEveryMs: 10_000 };

  test('does what the rule says, for any sequence of attempts', async () => {
    const { database, clock } = await startSignIn(dialect);
    const throttle = new Throttle({ database, clock });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 20 }), async (pauses) => {
        const of = `run ${count++}`;
        let [clearAt, openAt] = [0, 0];
        for (const pause of pauses) {
          clock.advance(pause);
          const now = clock.now();
          const passes = openAt <= now;
          expect((await refusalCode(throttle.take([{ budget, of }]))) === 'nothing').toBe(passes);
          if (!passes) continue;
          clearAt = Math.max(clearAt, now) + budget.forgiveEveryMs;
          openAt = now + waitAfter(budget, Math.ceil((clearAt - now) / budget.forgiveEveryMs));
        }
      }),
      { numRuns: dialect === 'sqlite' ? 60 : 25 },
    );
  });

  test('AS-065: of a hundred guesses at once, over two processes, five are judged, and a restart forgets none', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    await here.person('alice');
    const guesses = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        refusalCode((at % 2 === 0 ? here : there).password('alice', { password: WRONG })),
      ),
    );
    expect(guesses.filter((code) => code === 'SIGN_IN_REFUSED')).toHaveLength(5);
    expect(guesses.filter((code) => code === 'SIGN_IN_THROTTLED')).toHaveLength(95);
    const restarted = await startSignIn(dialect, here);
    expect(await refusalCode(restarted.password('alice'))).toBe('SIGN_IN_THROTTLED');
  });

  test('AS-065: of guesses from everywhere a hundred are judged', async () => {
    const { person, password } = await startSignIn(dialect);
    await person('alice');
    let judged = 0;
    for (let at = 0; at < 150; at++) {
      const end = await refusalCode(password('alice', { password: WRONG, visitor: elsewhere(at) }));
      if (end === 'SIGN_IN_REFUSED') judged++;
    }
    expect(judged).toBe(100);
  });

  test('guesses without end are recorded up to a number of each address, and counted beyond it', async () => {
    const { person, password, trail, services } = await startSignIn(dialect);
    await person('alice');
    const guessLink = (last: number) =>
      refusalCode(services.passwords.redeem(elsewhere(last), 'a guess', 'a good long password 77'));
    for (let at = 0; at < 50; at++) await refusalCode(password('alice', { password: WRONG, visitor: elsewhere(1) }));
    for (let at = 0; at < 20; at++) expect(await guessLink(1)).toBe('LINK_REFUSED');
    expect(await guessLink(2)).toBe('LINK_REFUSED');
    await services.close();
    expect(trail.told.filter((told) => told.startsWith('sign-in.password denied'))).toHaveLength(50);
    expect(trail.told.filter((told) => told.startsWith('password.set-by-link denied'))).toHaveLength(11);
    expect(trail.events.at(-1)).toMatchObject({ type: 'sign-in.flood', outcome: 'denied', details: { refusals: 10 } });
  });

  test('AS-064: every spelling of a name is one name, for the person and for the count', async () => {
    const { person, password, trail } = await startSignIn(dialect);
    await person('alice');
    const spellings = ['Alice', ' alice', 'alice ', 'alice\u0000', 'ａｌｉｃｅ', 'al\u00adice', 'ALICE\u200b'];
    expect(new Set(spellings.map(normalizeName))).toEqual(new Set(['alice']));
    const ends: string[] = [];
    for (const name of spellings) ends.push(await refusalCode(password(name, { password: WRONG })));
    expect(ends).toEqual([
      ...Array.from({ length: 5 }, () => 'SIGN_IN_REFUSED'),
      'SIGN_IN_THROTTLED',
      'SIGN_IN_THROTTLED',
    ]);
    expect(trail.told.filter((told) => told.includes('THROTTLED'))).toHaveLength(2);
  });

  test('a name that nobody has is counted as one that somebody has', async () => {
    const { person, password } = await startSignIn(dialect);
    await person('alice');
    const ends = async (name: string) => {
      const list: string[] = [];
      for (let at = 0; at < 7; at++) list.push(await refusalCode(password(name, { password: WRONG })));
      return list;
    };
    expect(await ends('alice')).toEqual(await ends('bob'));
  });

  test('failures of others lock nobody out who comes with a password alone, in a new browser or in a known one', async () => {
    const { person, password, clock } = await startSignIn(dialect);
    await person('maria');
    const { device } = await password('maria');
    const mark = reveal(device as never);
    const shut: string[] = [];
    const hours = dialect === 'sqlite' ? 12 : 2;
    for (let at = 0; at < hours * 60; at++) {
      for (const last of [1, 2, 3]) await refusalCode(password('maria', { password: WRONG, visitor: elsewhere(last) }));
      if (at % 10 === 0) {
        shut.push(await refusalCode(password('maria')), await refusalCode(password('maria', { device: mark })));
      }
      clock.advance(MINUTE);
    }
    expect(new Set(shut)).toEqual(new Set(['nothing']));
    expect(reveal((await password('maria', { device: mark })).device as never)).toBe(mark);
  });

  test('failures of others lock nobody out: a browser that signed in before has a count of its own', async () => {
    const { person, password, live, services, enrolApp, code, clock } = await startSignIn(dialect);
    await person('root', ['admin']);
    const { seed } = await enrolApp(await live(await password('root')));
    const signedIn = await services.signIn.secondFactor(VISITOR, await live(await password('root')), {
      code: code(seed),
    });
    const device = reveal(signedIn.device);
    clock.advance(30_000);
    // As many addresses as it takes.
    for (let at = 0; at < 200; at++) {
      await refusalCode(password('root', { password: WRONG, visitor: elsewhere(at) }));
    }
    expect(await refusalCode(password('root'))).toBe('SIGN_IN_THROTTLED');
    const begun = await password('root', { device });
    expect(
      await refusalCode(services.signIn.secondFactor(VISITOR, await live(begun), { code: code(seed) }, device)),
    ).toBe('nothing');
    // And that count is one, not a way around it.
    const ends: string[] = [];
    for (let at = 0; at < 6; at++) ends.push(await refusalCode(password('root', { device, password: WRONG })));
    expect(ends.at(-1)).toBe('SIGN_IN_THROTTLED');
  });

  test("the mark of one person's browser is nothing for another person", async () => {
    const { person, password, services } = await startSignIn(dialect);
    const [maria] = [await person('maria'), await person('nora')];
    const device = reveal(await services.signIn.remember(maria));
    for (let at = 0; at < 5; at++) await refusalCode(password('nora', { device, password: WRONG }));
    expect(await refusalCode(password('nora', { device }))).toBe('SIGN_IN_THROTTLED');
    expect(await refusalCode(password('maria', { device }))).toBe('nothing');
  });

  test('one address that tries many names runs out, and its last tries cost no name anything', async () => {
    const { person, password, clock } = await startSignIn(dialect);
    await person('alice');
    for (let at = 0; at < 40; at++) await refusalCode(password(`name-${at}`, { password: WRONG }));
    for (let at = 0; at < 10; at++)
      expect(await refusalCode(password('alice', { password: WRONG }))).toBe('SIGN_IN_THROTTLED');
    expect(await refusalCode(password('alice', { visitor: elsewhere(1) }))).toBe('nothing');
    clock.advance(30_000);
    expect(await refusalCode(password('alice'))).toBe('nothing');
  });

  test('a good password of my own does not refill what I use up on others', async () => {
    const { person, password } = await startSignIn(dialect);
    await person('mallory');
    let judged = 0;
    for (let at = 0; at < 120; at++) {
      await refusalCode(password('mallory'));
      if ((await refusalCode(password(`name-${at}`, { password: WRONG }))) === 'SIGN_IN_REFUSED') judged++;
    }
    expect(judged).toBe(40);
  });

  test('the refusal says in seconds how long to wait, and waiting so long is enough', async () => {
    const { person, password, clock } = await startSignIn(dialect);
    await person('alice');
    for (let at = 0; at < 5; at++) await refusalCode(password('alice', { password: WRONG }));
    const error = await password('alice').then(
      () => undefined,
      (refused: ChatelaineError) => refused,
    );
    expect(error?.details).toEqual({ retryAfterSeconds: 30 });
    expect(error?.message).toContain('30 seconds');
    clock.advance(30_000);
    expect(await refusalCode(password('alice'))).toBe('nothing');
  });

  test('whoever finds the hasher busy has not used an attempt', async () => {
    const calm = await startSignIn(dialect);
    const busy = await startSignIn(dialect, calm, { hasher: { cost: TEST_COST, atOnce: 0, waiting: 0 } });
    await calm.person('alice');
    for (let at = 0; at < 20; at++)
      expect(await refusalCode(busy.password('alice', { password: WRONG }))).toBe('SIGN_IN_BUSY');
    let judged = 0;
    while ((await refusalCode(calm.password('alice', { password: WRONG }))) === 'SIGN_IN_REFUSED') judged++;
    expect(judged).toBe(5);
  });

  test('marks of browsers that were not used for half a year are cleared away', async () => {
    const { person, clock, services, database } = await startSignIn(dialect);
    const maria = await person('maria');
    await services.signIn.remember(maria);
    clock.advance(181 * 86_400_000);
    await services.signIn.remember(maria);
    expect(await database.db.selectFrom('known_devices').selectAll().execute()).toHaveLength(1);
  });

  test('links that are tried from one address run out before they are looked for', async () => {
    const { services } = await startSignIn(dialect);
    const ends: string[] = [];
    for (let at = 0; at < 25; at++) {
      ends.push(await refusalCode(services.passwords.redeem(VISITOR, `a guess ${at}`, 'quiet rivers at dawn')));
    }
    expect(ends.filter((end) => end === 'LINK_REFUSED')).toHaveLength(20);
    const wanted = { name: 'maria', displayName: 'M', password: PASSWORD };
    expect(await refusalCode(services.setup.redeem(VISITOR, 'a guess', wanted))).toBe('SIGN_IN_THROTTLED');
  });

  test('counters that say nothing any more are cleared away', async () => {
    const { database, clock } = await startSignIn(dialect);
    const throttle = new Throttle({ database, clock });
    for (let at = 0; at < 255; at++) await throttle.take([{ budget, of: `${at}` }]);
    clock.advance(budget.forgiveEveryMs + 1);
    await throttle.take([{ budget, of: 'last' }]);
    expect(await database.db.selectFrom('attempts').selectAll().execute()).toHaveLength(1);
  });
});

test('no name, address or password stands in the counters', async () => {
  const { database, password } = await startSignIn('sqlite');
  await refusalCode(password('somebody-special', { password: PASSWORD }));
  const stored = JSON.stringify(await database.db.selectFrom('attempts').selectAll().execute());
  expect(stored).not.toContain('somebody');
  expect(stored).not.toContain(VISITOR.address);
});
