import { expect, test } from 'vitest';
import fc from 'fast-check';
import { auditEvent, type AuditEvent } from '#contract';
import { CountedRefusals } from '#audit';
import { event } from './event.fixture.ts';

const MINUTE = 60_000;

/** A trail of memory under a clock that stands, and refusals of `origin` through it. */
function start(limits = { fromOne: 2, fromAll: 4 }) {
  const trail = {
    events: [] as AuditEvent[],
    broken: false,
    now: Date.UTC(2026, 10, 21),
    append: async (one: AuditEvent) => {
      if (trail.broken) throw new Error('the disk is full');
      const seq = trail.events.push(auditEvent.parse(one));
      return { id: 'record', writer: 'test', seq };
    },
    status: { available: true } as const,
    digest: () => '',
  };
  const refusals = new CountedRefusals(trail, { now: () => trail.now }, limits);
  const actor = (sub: string) => ({ kind: 'agent' as const, iss: 'test', sub, name: sub });
  return {
    trail,
    refusals,
    refuse: (origin: string, of = 'everybody') =>
      refusals.record(event({ type: 'refused', outcome: 'denied' }), origin, {
        of,
        event: { class: 'authorization', type: 'flood', door: 'api', actor: actor(of), action: 'authorize' },
      }),
    /** How many were recorded one by one, and how many by each count. */
    told: () => ({
      recorded: trail.events.filter(({ type }) => type === 'refused').length,
      counted: trail.events
        .filter(({ type }) => type === 'flood')
        .map(({ actor, details }) => `${actor.sub} ${String(details?.['refusals'])}`),
    }),
  };
}

test('past the number of one origin refusals are counted, and another is still recorded', async () => {
  const { refusals, refuse, told } = start();
  for (const origin of ['a', 'a', 'a', 'a', 'b']) await refuse(origin);
  expect(told()).toEqual({ recorded: 3, counted: [] });
  await refusals.flush();
  await refusals.flush();
  expect(told()).toEqual({ recorded: 3, counted: ['everybody 2'] });
});

test('past the number of all, the first refusal of an origin is counted too, under whom it is counted as', async () => {
  const { refusals, refuse, told } = start();
  for (const origin of ['a', 'b', 'c', 'd', 'e', 'f', 'f']) await refuse(origin, origin);
  await refusals.flush();
  expect(told()).toEqual({ recorded: 4, counted: ['e 1', 'f 2'] });
});

test('a new minute begins with the count of the one before', async () => {
  const { trail, refuse, told } = start();
  for (let at = 0; at < 5; at++) await refuse('a');
  trail.now += MINUTE - 1;
  await refuse('a');
  expect(told()).toEqual({ recorded: 2, counted: [] });
  trail.now += 1;
  await refuse('a');
  expect(told()).toEqual({ recorded: 3, counted: ['everybody 4'] });
  expect(trail.events.at(-2)).toMatchObject({
    outcome: 'denied',
    decision: 'forbid',
    details: { refusals: 4, since: '2026-11-21T00:00:00.000Z' },
  });
});

test('what cannot be recorded is not let go: the refusal fails, and the count goes on', async () => {
  const { trail, refusals, refuse, told } = start();
  for (const caller of ['x', 'x', 'x', 'y']) await refuse('a', caller);
  trail.now += MINUTE;
  trail.broken = true;
  await expect(refuse('a', 'x')).rejects.toThrow('the disk is full');
  await expect(refusals.flush()).rejects.toThrow('the disk is full');
  trail.broken = false;
  await refusals.flush();
  expect(told()).toEqual({ recorded: 2, counted: ['y 1', 'x 1'] });
});

test('recorded and counted are as many as there were, whoever asks, whenever, and whatever fails meanwhile', async () => {
  const step = fc.record({
    origin: fc.constantFrom('a', 'b', 'c'),
    later: fc.constantFrom(0, 1000, MINUTE),
    broken: fc.boolean(),
    flush: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { trail, refusals, refuse } = start();
      let refused = 0;
      for (const { origin, later, broken, flush } of steps) {
        trail.now += later;
        trail.broken = broken;
        // Whoever gets the error was not answered: nothing has to stand of that refusal.
        await refuse(origin, origin).then(
          () => refused++,
          () => {},
        );
        if (flush) await refusals.flush().catch(() => {});
      }
      trail.broken = false;
      await refusals.flush();
      const stands = trail.events.reduce((sum, { details }) => sum + ((details?.['refusals'] as number) ?? 1), 0);
      expect(stands).toBe(refused);
    }),
  );
});
