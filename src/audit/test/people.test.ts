import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '#contract';
import type { SubjectSealer } from '../people/subject-sealer.ts';
import { event, linesOf, openLog } from './audit.fixture.ts';

const alice = { kind: 'user', iss: 'chatelaine', sub: 'u-alice', name: 'Alice Liddell' } as const;

const byAlice = (overrides: Partial<AuditEvent> = {}): AuditEvent =>
  event({ actor: alice, address: '192.0.2.77', userAgent: 'Alice’s browser', ...overrides });

/** Keys that everybody has: what is tried here is what the log does with the texts. */
const everybodys: SubjectSealer = {
  seal: (subject, place, text) => ({ sealed: Buffer.from(JSON.stringify([subject, place, text])).toString('hex') }),
  open: async (subject, place, sealed) => {
    const [whose, where, text] = JSON.parse(Buffer.from(sealed, 'hex').toString()) as [string, string, string];
    return whose === subject && where === place ? { text } : 'altered';
  },
};

async function stored(root: string): Promise<string> {
  const lines = await Promise.all(globSync(join(root, 'writers/*/*.log')).map(linesOf));
  return lines.flat().join('\n');
}

describe('a record that names a person', () => {
  it('holds nothing personal in the clear, and gives it back to those who may know', async () => {
    const { log, root } = await openLog({ sealer: everybodys });
    const { id } = await log.append(
      byAlice({
        object: { kind: 'user', namespace: 'default', name: 'Bob Dodgson', id: 'u-bob' },
        details: { role: 'admin' },
        personal: { mail: 'bob@corp.test' },
      }),
    );
    const text = await stored(root);
    for (const personal of ['Alice', '192.0.2.77', 'browser', 'Bob', 'corp.test']) expect(text).not.toContain(personal);
    for (const pseudonym of ['u-alice', 'u-bob', '"role":"admin"']) expect(text).toContain(pseudonym);
    const opened = await log.opened(await log.find(id));
    expect(opened).not.toHaveProperty('sealed');
    expect(opened).toMatchObject({
      actor: alice,
      address: '192.0.2.77',
      userAgent: 'Alice’s browser',
      object: { name: 'Bob Dodgson', id: 'u-bob' },
      personal: { mail: 'bob@corp.test' },
    });
  });

  it('is found by the pseudonym, and by nothing personal', async () => {
    const { log } = await openLog({ sealer: everybodys });
    await log.append(byAlice());
    expect((await log.query({ actor: 'u-alice' }, { limit: 9 })).records).toHaveLength(1);
    expect((await log.query({ actor: alice.name }, { limit: 9 })).records).toHaveLength(0);
  });

  it('marks a part that was taken from another record, or from another person', async () => {
    const { log } = await openLog({ sealer: everybodys });
    const [one, two] = [await log.append(byAlice()), await log.append(byAlice())];
    const [first, second] = [await log.find(one.id), await log.find(two.id)];
    expect(await log.opened({ ...first, sealed: second.sealed })).toMatchObject({ sealed: { actor: 'altered' } });
    const asBob = { ...first, actor: { ...first.actor, sub: 'u-bob' } };
    expect(await log.opened(asBob)).toMatchObject({ sealed: { actor: 'altered' } });
  });

  it('who has no id yet holds digests in the place of names', async () => {
    const { log, root } = await openLog({ sealer: everybodys });
    await log.append(event({ object: { kind: 'user', namespace: 'default', name: 'Bob Dodgson' } }));
    await log.append(event({ type: 'sign-in.failed', personal: { tried: 'bob@corp.test' } }));
    const text = await stored(root);
    for (const personal of ['Bob', 'corp.test']) expect(text).not.toContain(personal);
    const tried = { tried: log.digest('bob@corp.test') };
    expect((await log.query({ type: 'sign-in.failed' }, { limit: 1 })).records).toMatchObject([{ details: tried }]);
    expect(text).toContain(log.digest('Bob Dodgson'));
  });

  it('without any keys of people, leaves out what is personal and says so', async () => {
    const { log, root } = await openLog();
    const { id } = await log.append(byAlice());
    expect(await stored(root)).not.toContain('Alice');
    expect(await log.opened(await log.find(id))).toMatchObject({
      sealed: { actor: 'left-out' },
      actor: { sub: 'u-alice' },
    });
  });

  it('of somebody who was erased is made all the same, without what is personal', async () => {
    const { log, root } = await openLog({ sealer: { ...everybodys, seal: () => 'erased' } });
    const { id } = await log.append(byAlice());
    expect(await stored(root)).not.toContain('Alice');
    expect(await log.opened(await log.find(id))).toMatchObject({ sealed: { actor: 'erased' } });
  });

  it.each([
    [
      'at once',
      () => {
        throw new Error('the key service is down');
      },
    ],
    ['later', () => Promise.reject(new Error('the key service is down'))],
  ])('is refused when its keys fail %s, and others are recorded', async (_, seal) => {
    const { log } = await openLog({ sealer: { ...everybodys, seal } });
    await expect(log.append(byAlice())).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await expect(log.append(event())).resolves.toMatchObject({ seq: 1 });
    expect(log.status.available).toBe(true);
  });

  it('waits for its key alone: what others do meanwhile is recorded', async () => {
    const key = Promise.withResolvers<{ sealed: string }>();
    const { log } = await openLog({ sealer: { ...everybodys, seal: () => key.promise } });
    const waiting = log.append(byAlice());
    await log.append(event());
    key.resolve({ sealed: 'x' });
    await expect(waiting).resolves.toMatchObject({ seq: 2 });
  });
});
