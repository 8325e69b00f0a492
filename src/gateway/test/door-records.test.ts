import { expect, test } from 'vitest';
import type { AuditEvent, Principal } from '#contract';
import { DoorRecords } from '../pipeline/door-records.ts';
import { LOCAL_PEER } from '../pipeline/peer.ts';

const person = (sessionId: string): Principal => ({
  ...{ kind: 'user', iss: 'chatelaine', sub: 'maria', name: 'maria', namespace: 'default', roles: ['user'] },
  ...{ access: new Set(), groups: [], scopes: new Set() },
  via: { method: 'session', sessionId },
});

test('each session of a person is on record when it comes in, and says which it is', async () => {
  const events: AuditEvent[] = [];
  const trail = {
    status: { available: true } as const,
    append: async (event: AuditEvent) => ({ id: '', writer: '', seq: events.push(event) }),
    digest: () => '',
  };
  const records = new DoorRecords(trail, { now: () => 0 });
  const peer = { ...LOCAL_PEER, address: '192.0.2.7' };
  for (const session of ['mine', 'mine', 'stolen']) {
    await records.accepted(person(session), { door: 'api', requestId: session, peer });
  }
  expect(events.map(({ actor }) => actor)).toEqual([
    expect.objectContaining({ sub: 'maria', sessionId: 'mine' }),
    expect.objectContaining({ sub: 'maria', sessionId: 'stolen' }),
  ]);
});
