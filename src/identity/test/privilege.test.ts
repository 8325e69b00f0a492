/**
 * Nobody raises their own privilege by any sequence of operations that they may try (invariants 10 and 11
 * of a trusted system), searched for with random players, credentials and sequences; and the search finds
 * holes that are planted.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openIdentity, permissionCheck, PERMISSIONS, type Permission, type PermissionTable } from '#identity';
import type { AuditEvent, AuditPosition, AuditTrail } from '#contract';
import { silentLogger } from '#kernel';
import { startPeople, type PeopleProcess } from './people.fixture.ts';
import { attempts, type Expectation } from './privilege.commands.ts';
import { beyond, makeWorld, powersNow, reach, type World } from './privilege.model.ts';

const PLAYERS = ['ana', 'bo', 'cy', 'di'];

/** Counts what an audit log would have made durable: thousands of flushes would say nothing about privileges. */
class CountingTrail implements AuditTrail {
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

/** The property, over a table of permissions. */
function nobodyGetsBeyond(people: PeopleProcess, table: PermissionTable) {
  return fc.asyncProperty(attempts, fc.subarray(PLAYERS, { minLength: 1 }), async (commands, names) => {
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
    const identity = openIdentity({ database, clock, log: silentLogger, trail, check: permissionCheck(table) });
    const world = await makeWorld(identity, identity.userDirectory(people.vault));
    const acting = world.players.filter(({ name }) => names.includes(name));
    const allowed = reach(await powersNow(world), new Set(names));
    const setup = (): { model: Expectation; real: World } => ({ model: { acting, allowed }, real: world });
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

test.each<[string, PermissionTable]>([
  ['group.change without rank', without('group.change', 'rank')],
  ['binding.create without rank', without('binding.create', 'rank')],
  ['agent.create without rank', without('agent.create', 'rank')],
  ['agent.change without rank', without('agent.change', 'rank')],
  ['key.create without rank', without('key.create', 'rank')],
  [
    'binding.create with a credential that only reads',
    { ...PERMISSIONS, 'binding.create': { ...PERMISSIONS['binding.create'], access: 'read' } },
  ],
  [
    'binding.create for auditors',
    { ...PERMISSIONS, 'binding.create': { access: 'admin', roles: ['admin', 'auditor'] } },
  ],
  // From one seed: a search that finds a hole today finds it tomorrow.
])('the search finds a planted hole: %s', { timeout: 600_000 }, async (_, table) => {
  const found = await fc.check(nobodyGetsBeyond(await startPeople(), table), {
    numRuns: 300,
    endOnFailure: true,
    seed: 7,
  });
  expect(found.failed).toBe(true);
});
