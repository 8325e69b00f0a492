import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AuditEvent } from '#contract';
import { auditEvent } from '#contract';
import { reveal, Secret, silentLogger } from '#kernel';
import { openDatabase } from '#db';
import { openVault, parseSecretMaterial, sameNamespace } from '#vault';
import { dialects, emptyPlace, type TestDialect } from '../../../test/databases.ts';
import { lazySecrets, toolSecrets } from '../services/index.ts';

const DB = { namespace: 'default', name: 'db' };
const holder = (more: object = {}) => ({ namespace: 'default', by: 'source shop', connection: 'c1', ...more });

const password = (text: string) => parseSecretMaterial({ kind: 'password', password: text });

/** A vault over a real database, and a clock that stands until it is moved. */
async function startVault(dialect: TestDialect) {
  let now = Date.UTC(2026, 10, 21);
  const clock = { now: () => now, advance: (ms: number) => void (now += ms) };
  const database = await openDatabase({ ...(await emptyPlace(dialect)).place, clock });
  onTestFinished(() => database.close());
  const key = new Secret(randomBytes(32).toString('base64'));
  const vault = await openVault({
    ...{ database, clock, log: silentLogger, mayUse: sameNamespace },
    wrapper: { type: 'given', key, where: 'the test key' },
  });
  onTestFinished(() => vault.close());
  return { vault, clock, record: async (): Promise<void> => undefined };
}

/** Keeps what is recorded, and checks it as the audit log would. */
function trail() {
  const events: AuditEvent[] = [];
  let broken = false;
  return {
    events,
    breakDown: (is: boolean) => (broken = is),
    append: async (event: AuditEvent) => {
      if (broken) throw Object.assign(new Error('no'), { code: 'AUDIT_UNAVAILABLE' });
      events.push(auditEvent.parse(event));
      return { id: '', writer: '', seq: events.length };
    },
  };
}

describe.each(dialects)('secrets of the toolbox, on %s', (dialect) => {
  it('are the latest version, with what names it and when it ends', async () => {
    const { vault, record, clock } = await startVault(dialect);
    await vault.secrets.put({ ...DB, material: password('one'), expiresAt: clock.now() + 5000 }, record);
    const reader = toolSecrets(vault.reader, trail());
    const one = await reader.read(DB, holder());
    expect(one.endsAt).toBe(clock.now() + 5000);
    await vault.secrets.rotate({ ...DB, material: password('two'), overlapMs: 1000 }, record);
    const two = await reader.read(DB, holder());
    expect(two.version).not.toBe(one.version);
    expect(two.material.kind === 'password' && reveal(two.material.password)).toBe('two');
    // The version before ends with its overlap.
    expect((await reader.read({ ...DB, version: 1 }, holder())).endsAt).toBe(clock.now() + 1000);
    clock.advance(1000);
    await expect(reader.read({ ...DB, version: 1 }, holder())).rejects.toMatchObject({ code: 'SECRET_EXPIRED' });
  });

  it('are on record once for each version and opening of a source', async () => {
    const { vault, record } = await startVault(dialect);
    const { id } = await vault.secrets.put({ ...DB, material: password('one') }, record);
    const audit = trail();
    const reader = toolSecrets(vault.reader, audit);
    await Promise.all([reader.read(DB, holder()), reader.read(DB, holder())]);
    await reader.read(DB, holder());
    expect(audit.events).toEqual([
      {
        ...{ class: 'credential', type: 'secret.used', door: 'system', action: 'use', outcome: 'success' },
        actor: { kind: 'system', iss: 'chatelaine', sub: 'toolbox', name: 'toolbox' },
        object: { kind: 'secret', namespace: 'default', name: 'db', id },
        details: { by: 'source shop', namespace: 'default', connection: 'c1', version: 1 },
      },
    ]);
    await reader.read(DB, holder({ connection: 'c2' }));
    await vault.secrets.put({ ...DB, material: password('two') }, record);
    await reader.read(DB, holder());
    await reader.read(DB, holder());
    expect(audit.events.map(({ details }) => [details?.['connection'], details?.['version']])).toEqual([
      ['c1', 1],
      ['c2', 1],
      ['c1', 2],
    ]);
  });

  it('are not handed over when the use cannot be recorded', async () => {
    const { vault, record } = await startVault(dialect);
    await vault.secrets.put({ ...DB, material: password('one') }, record);
    const audit = trail();
    const reader = toolSecrets(vault.reader, audit);
    audit.breakDown(true);
    await expect(reader.read(DB, holder())).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    audit.breakDown(false);
    await reader.read(DB, holder());
    expect(audit.events).toHaveLength(1);
  });

  it('of another namespace are unknown, and the refusal is on record', async () => {
    const { vault, record } = await startVault(dialect);
    await vault.secrets.put({ ...DB, namespace: 'payroll', material: password('one') }, record);
    const audit = trail();
    const reader = toolSecrets(vault.reader, audit);
    const refused = () => reader.read({ ...DB, namespace: 'payroll' }, holder());
    await expect(refused()).rejects.toMatchObject({ code: 'SECRET_UNKNOWN' });
    await expect(refused()).rejects.toMatchObject({ code: 'SECRET_UNKNOWN' });
    expect(audit.events.map(({ outcome, error }) => [outcome, error])).toEqual([['denied', 'SECRET_UNKNOWN']]);
  });
});

it('a vault that could not be opened is opened by the next who needs it, and once', async () => {
  let opened = 0;
  const secrets = lazySecrets(async () => {
    opened++;
    if (opened === 1) throw new Error('the key service sleeps');
    return { read: () => Promise.reject(new Error('unknown')) };
  });
  await expect(secrets.read(DB, holder())).rejects.toThrow('sleeps');
  await expect(secrets.read(DB, holder())).rejects.toThrow('unknown');
  await expect(secrets.read(DB, holder())).rejects.toThrow('unknown');
  expect(opened).toBe(2);
});
