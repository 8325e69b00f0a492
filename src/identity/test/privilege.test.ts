/**
 * Nobody raises their own privilege by any sequence of operations that they may try (invariants 10 and 11
 * of a trusted system), searched for with random players, credentials and sequences; and the search finds
 * holes that are planted.
 */
import { forgetfulLedger } from '#contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openIdentity, permissionCheck, PERMISSIONS, type Permission, type PermissionTable } from '#identity';
import type { AuditEvent, AuditPosition, AuditTrail } from '#contract';
import { silentLogger } from '#kernel';
import { startPeople, type PeopleProcess } from './people.fixture.ts';
import { attempts, type Expectation } from './privilege.commands.ts';
import { beyond, HOUR_MS, makeWorld, powersNow, reach, type World } from './privilege.model.ts';

/** Who works together in a run; the others do nothing. */
const ANYBODY = fc.subarray(['ana', 'bo', 'cy', 'di'], { minLength: 1 });

/** Counts what an audit log would have made durable: thousands of flushes would say nothing about privileges. */
class CountingTrail implements AuditTrail {
  readonly status = { available: true } as const;
  intents = 0;
  outcomes = 0;

  async append(event: AuditEvent): Promise<AuditPosition> {
    if (event.outcome === 'intent') this.intents++;
    else this.outcomes++;
    return { id: '', writer: '', seq: 0 };
  }

  digest(): string {
    return '';
  }
}

/** Sessions of a moment ago, and of five hours ago. */
const EITHER = fc.constantFrom(0, 5 * HOUR_MS);

/** The property, over a table of permissions. */
function nobodyGetsBeyond(people: PeopleProcess, table: PermissionTable, acting = ANYBODY, proofAges = EITHER) {
  return fc.asyncProperty(attempts, acting, proofAges, async (commands, names, proofAge) => {
    await emptyOf(people);
    const { database } = people;
    // Each look a millisecond later: ids then sort by age, and a sequence does the same each time.
    const clock = {
      now: () => {
        people.clock.advance(1);
        return people.clock.now();
      },
    };
    const trail = new CountingTrail();
    const identity = openIdentity({
      database,
      clock,
      log: silentLogger,
      trail,
      ledger: forgetfulLedger,
      check: permissionCheck(table),
    });
    const world = await makeWorld(identity, identity.userDirectory(people.vault), proofAge);
    const playing = world.players.filter(({ name }) => names.includes(name));
    const allowed = reach(await powersNow(world), new Set(names), proofAge === 0);
    const setup = (): { model: Expectation; real: World } => ({ model: { acting: playing, allowed }, real: world });
    await fc.asyncModelRun(setup, commands);
    await identity.close();
    // Whatever was tried was on record twice, as meant and as it ended (invariant 13).
    expect(trail.outcomes).toBe(trail.intents);
    expect(beyond(await powersNow(world), allowed)).toEqual([]);
  });
}

/** A new beginning on the same database: opening one takes longer than a run. */
async function emptyOf({ database }: PeopleProcess): Promise<void> {
  for (const table of [
    'role_bindings',
    'group_members',
    'user_groups',
    'shut_namespaces',
    'api_keys',
    'agents',
    'users',
  ] as const) {
    await database.db.deleteFrom(table).execute();
  }
}

test(
  'nobody comes to a role that was not theirs to get, whoever works together and whatever they try',
  { timeout: 600_000 },
  async () => {
    const runs = Number(process.env['CHATELAINE_MODEL_RUNS'] ?? 40);
    await fc.assert(nobodyGetsBeyond(await startPeople(), PERMISSIONS), { numRuns: runs });
  },
);

const without = (action: keyof PermissionTable, rule: keyof Permission): PermissionTable => ({
  ...PERMISSIONS,
  [action]: { ...PERMISSIONS[action], [rule]: undefined },
});

// From seeds that find soon: a search that finds a hole today finds it tomorrow. Where one player alone can
// use the hole, that one plays.
test.each<[string, number, PermissionTable, string?]>([
  ['group.change without rank', 2, without('group.change', 'rank')],
  ['binding.create without rank', 11, without('binding.create', 'rank')],
  ['agent.create without rank', 9, without('agent.create', 'rank')],
  ['agent.change without rank', 1, without('agent.change', 'rank')],
  ['key.create without rank', 7, without('key.create', 'rank'), 'ana'],
  ['key.create without narrow', 104, without('key.create', 'narrow'), 'cy'],
  ['key.rotate without narrow', 1, without('key.rotate', 'narrow'), 'cy'],
  [
    'binding.create with a credential that only reads',
    37,
    { ...PERMISSIONS, 'binding.create': { ...PERMISSIONS['binding.create'], access: 'read' } },
    'cy',
  ],
  [
    'binding.create for auditors',
    9,
    { ...PERMISSIONS, 'binding.create': { access: 'admin', roles: ['admin', 'auditor'] } },
  ],
])('the search finds a planted hole: %s', { timeout: 600_000 }, async (_, seed, table, player) => {
  const acting = player === undefined ? ANYBODY : fc.constant<string[]>([player]);
  const search = nobodyGetsBeyond(await startPeople(), table, acting, fc.constant(0));
  const found = await fc.check(search, { numRuns: 300, endOnFailure: true, seed });
  expect(found.failed).toBe(true);
});
