import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomToken, reveal } from '#kernel';
import type { ApiKeysTable } from '#db';
import { dialects } from '../../../test/databases.ts';
import { idOf, startIdentity, startIdentityOn, type StartIdentity } from './identity.fixture.ts';
import { root } from './people.fixture.ts';
import { SlowWire } from './slow-wire.fixture.ts';

const DAY = 86_400_000;
const wrongSecret = (key: string): string => `${key.slice(0, 31)}${randomToken()}`;

describe.each(dialects)('a key: %s', (dialect) => {
  const startIdentity: StartIdentity = (...args) => startIdentityOn(dialect, ...args);

  test('is its agent, with the roles of the agent and the scopes of the key', async () => {
    const { identity } = await startIdentity();
    const { agent, key, secret } = await identity.keys.create(root, {
      agent: 'booking-bot',
      namespace: 'travel',
      roles: ['user', 'auditor'],
      scopes: ['read:flights', 'write:flights', 'read:flights'],
    });
    const verdict = await identity.keys.verify(reveal(secret));
    expect(verdict).toEqual({
      ok: true,
      value: {
        kind: 'agent',
        iss: 'chatelaine',
        sub: agent.id,
        name: 'booking-bot',
        namespace: 'travel',
        roles: ['user', 'auditor'],
        grants: [
          { role: 'user', namespace: 'travel' },
          { role: 'auditor', namespace: 'travel' },
        ],
        access: new Set(['read', 'execute']),
        groups: [],
        scopes: new Set(['read:flights', 'write:flights']),
        via: { method: 'api-key', keyId: key.id },
      },
    });
  });

  test.each<[string, string, (key: string, other: string) => string]>([
    ['with a wrong secret', 'mismatch', wrongSecret],
    ["with another key's secret", 'mismatch', (key, other) => key.slice(0, 31) + other.slice(31)],
    ["with another key's id", 'mismatch', (key, other) => other.slice(0, 31) + key.slice(31)],
    ['with an id that nobody has', 'unknown', (key) => `chk_${'0'.repeat(26)}${key.slice(30)}`],
    ['cut short', 'malformed', (key) => key.slice(0, -1)],
    ['without its secret', 'malformed', (key) => key.slice(0, 30)],
    ['by its digest', 'malformed', (key) => `chk_${idOf(key)}_${'a'.repeat(64)}`],
    ['with its last character in another spelling', 'malformed', (key) => `${key.slice(0, -1)}B`],
    ['of another case', 'malformed', (key) => key.toUpperCase()],
    ['as a LIKE pattern', 'malformed', (key) => `chk_${'%'.repeat(26)}${key.slice(30)}`],
  ])('is refused %s as %s, cold and warm', async (_, reason, spoil) => {
    const { issue, verdict } = await startIdentity();
    const key = await issue();
    const spoiled = spoil(key, await issue({ agent: 'other' }));
    expect(await verdict(spoiled)).toBe(reason);
    expect(await verdict(key)).toBe('claude');
    expect(await verdict(spoiled)).toBe(reason);
  });

  test('is refused from the millisecond at which it expires, also when it is known', async () => {
    const { clock, issue, verdict } = await startIdentity();
    const key = await issue({ lifetimeMs: DAY });
    clock.advance(DAY - 1);
    expect(await verdict(key)).toBe('claude');
    clock.advance(1);
    expect(await verdict(key)).toBe('expired');
  });

  test('is refused at once when it is revoked or its agent disabled in this process', async () => {
    const { identity, issue, verdict } = await startIdentity();
    const [revoked, disabled] = [await issue(), await issue({ agent: 'bot' })];
    expect([await verdict(revoked), await verdict(disabled)]).toEqual(['claude', 'bot']);
    await identity.keys.revoke(root, idOf(revoked));
    await identity.agents.disable(root, 'bot');
    expect([await verdict(revoked), await verdict(disabled)]).toEqual(['revoked', 'disabled']);
    await identity.agents.enable(root, 'bot');
    expect([await verdict(revoked), await verdict(disabled)]).toEqual(['revoked', 'bot']);
  });

  test('says nothing about its state to whoever does not have the secret', async () => {
    const { identity, issue, verdict } = await startIdentity();
    const key = await issue();
    await identity.keys.revoke(root, idOf(key));
    expect(await verdict(wrongSecret(key))).toBe('mismatch');
  });
});

describe.each(dialects)('another process: %s', (dialect) => {
  const startIdentity: StartIdentity = (...args) => startIdentityOn(dialect, ...args);

  test.each<[string, string, (server: Awaited<ReturnType<typeof startIdentity>>, key: string) => Promise<unknown>]>([
    ['revokes a key', 'revoked', ({ identity }, key) => identity.keys.revoke(root, idOf(key))],
    ['disables an agent', 'disabled', ({ identity }) => identity.agents.disable(root, 'claude')],
  ])('%s: known here until 250 ms have passed, then refused', async (_, reason, change) => {
    const server = await startIdentity();
    const other = await startIdentity(server);
    const key = await server.issue();
    expect(await server.verdict(key)).toBe('claude');
    await change(other, key);
    server.clock.advance(249);
    expect(await server.verdict(key)).toBe('claude');
    server.clock.advance(-249);
    await server.expectSoon(key, reason);
  });

  test('enables an agent: a remembered refusal does not outlive it', async () => {
    const server = await startIdentity();
    const other = await startIdentity(server);
    const key = await server.issue();
    await server.identity.agents.disable(root, 'claude');
    expect(await server.verdict(key)).toBe('disabled');
    await other.identity.agents.enable(root, 'claude');
    await server.expectSoon(key, 'claude');
  });

  test('puts a key back, as a restored backup does: a remembered refusal does not outlive that either', async () => {
    const server = await startIdentity();
    const other = await startIdentity(server);
    const key = await server.issue();
    const [row] = await other.database.db.deleteFrom('api_keys').returningAll().execute();
    expect(await server.verdict(key)).toBe('unknown');
    await other.database.db
      .insertInto('api_keys')
      .values(row as ApiKeysTable)
      .execute();
    await server.expectSoon(key, 'claude');
  });

  test('makes a key: it counts here at once', async () => {
    const server = await startIdentity();
    const other = await startIdentity(server);
    expect(await server.verdict(await other.issue({ agent: 'new' }))).toBe('new');
  });
});

describe('another process', () => {
  test.each([
    ['kept', wrongSecret, 'mismatch'],
    ['shared', (key: string) => key, 'revoked'],
  ] as const)('revokes a key while its row is on the way here: the stale row is not %s', async (_, second, seen) => {
    const wire = new SlowWire();
    const owner = await startIdentity();
    const key = await owner.issue();
    const server = await startIdentity(owner, (database) => wire.before(database));
    wire.hold();
    const early = server.verdict(key);
    await wire.somethingHeld();
    await owner.identity.keys.revoke(root, idOf(key));
    server.clock.advance(250);
    // Whoever asks next, for whatever key, is who notices.
    const late = server.verdict(second(key));
    wire.letGo();
    expect([await early, await late, await server.verdict(key)]).toEqual(['claude', seen, 'revoked']);
  });

  test('is noticed although the clock was set back', async () => {
    const server = await startIdentity();
    const other = await startIdentity(server);
    const key = await server.issue();
    expect(await server.verdict(key)).toBe('claude');
    await other.identity.keys.revoke(root, idOf(key));
    server.clock.advance(-3_600_000);
    expect(await server.verdict(key)).toBe('revoked');
  });
});

describe.each(dialects)('the work: %s', (dialect) => {
  const startIdentity: StartIdentity = (...args) => startIdentityOn(dialect, ...args);

  test('a known key runs no statement and answers without waiting', async () => {
    const { identity, issue, verdict, statements } = await startIdentity();
    const key = await issue();
    expect(await statements(() => verdict(key))).toBe(1);
    expect(
      await statements(async () => {
        for (let call = 0; call < 1000; call++) expect(identity.keys.verify(key)).not.toBeInstanceOf(Promise);
      }),
    ).toBe(0);
  });

  test('64 callers with one new key share one statement', async () => {
    const { issue, verdict, statements } = await startIdentity();
    const key = await issue();
    const verdicts: string[] = [];
    const callers = Array.from({ length: 64 }, async () => verdicts.push(await verdict(key)));
    expect(await statements(() => Promise.all(callers))).toBe(1);
    expect(new Set(verdicts)).toEqual(new Set(['claude']));
  });

  test('an unknown id costs what a wrong secret costs: one statement, then none', async () => {
    const { issue, verdict, statements } = await startIdentity();
    const key = await issue();
    for (const wrong of [wrongSecret(key), `chk_${'0'.repeat(26)}_${randomToken()}`]) {
      expect(await statements(() => verdict(wrong))).toBe(1);
      expect(await statements(() => verdict(wrong))).toBe(0);
    }
  });
});

describe('the work', () => {
  test('what is not of the form of a key runs no statement at all', async () => {
    const { issue, verdict, statements } = await startIdentity();
    const key = await issue();
    for (const text of ['', 'x'.repeat(100 * 1024), key.slice(1), key.replace('chk', 'chq'), `${key} `]) {
      expect(await statements(() => verdict(text))).toBe(0);
    }
  });

  test('10,000 wrong keys push out no right one', async () => {
    const { issue, verdict, statements } = await startIdentity();
    const keys: string[] = [];
    for (let count = 0; count < 20; count++) keys.push(await issue());
    for (const key of keys) expect(await verdict(key)).toBe('claude');
    const last = keys.at(-1) as string;
    for (let count = 0; count < 10_000; count++) {
      const wrong = count % 2 === 0 ? wrongSecret(last) : `chk_${'0'.repeat(26)}_${randomToken()}`;
      expect(await verdict(wrong)).toMatch(/^(mismatch|unknown)$/);
    }
    const right = await statements(async () => {
      for (const key of keys) expect(await verdict(key)).toBe('claude');
    });
    expect(right).toBe(0);
  });
});

test('any text gets a typed refusal and no exception', async () => {
  const { issue, identity } = await startIdentity();
  const key = await issue();
  const nearKeys = fc
    .tuple(fc.nat(key.length), fc.nat(3), fc.string({ unit: 'binary', maxLength: 4 }))
    .map(([at, cut, inserted]) => key.slice(0, at) + inserted + key.slice(at + cut))
    .filter((text) => text !== key);
  const keyShaped = fc
    .tuple(fc.stringMatching(/^[0-9a-hjkmnp-tv-z]{26}$/), fc.stringMatching(/^[\w-]{43}$/))
    .map(([id, secret]) => `chk_${id}_${secret}`);
  const anything = fc.string({ unit: 'binary', maxLength: 200 });
  const ofTheLength = fc.string({ unit: 'binary', minLength: 74, maxLength: 74 });
  await fc.assert(
    fc.asyncProperty(fc.oneof(nearKeys, keyShaped, anything, ofTheLength), async (text) => {
      const verdict = await identity.keys.verify(text);
      expect(verdict.ok).toBe(false);
      if (!verdict.ok) expect(['malformed', 'unknown', 'mismatch']).toContain(verdict.error.reason);
    }),
    { numRuns: 2000 },
  );
});

test.each(dialects)(
  '%s: without its database nothing is known any more: unavailable, not yes and not no',
  async (dialect) => {
    const { clock, database, issue, verdict } = await startIdentityOn(dialect);
    const [known, unknown] = [await issue(), await issue()];
    expect(await verdict(known)).toBe('claude');
    await database.close();
    expect(await verdict(unknown)).toBe('unavailable');
    clock.advance(250);
    expect(await verdict(known)).toBe('unavailable');
  },
);
