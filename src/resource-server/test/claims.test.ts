/** The claims of a token, as a table: what is missing or of another type is a refusal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '#kernel';
import { checkClaims, LEEWAY_MS, type Expected } from '../tokens/claims.ts';
import { scopesOf } from '../tokens/scopes.ts';

const NOW = 1_800_000_000_000;
const EXPECTED: Expected = { issuers: ['https://idp.test', 'idp.test'], audience: 'us', otherAudiences: ['also'] };
const GOOD = { iss: 'https://idp.test', sub: 'alice', aud: 'us', exp: NOW / 1000 + 60 };

const check = (claims: JsonObject) => checkClaims(claims, EXPECTED, NOW);

describe('claims', () => {
  it('make a token, under the one name of its issuer', () => {
    const checked = check({ ...GOOD, iss: 'idp.test', azp: 'app', auth_time: 5, amr: ['pwd'], jti: 'j', scope: 'a b' });
    expect(checked).toMatchObject({
      ok: true,
      value: { issuer: 'https://idp.test', subject: 'alice', clientId: 'app', authTime: 5000, amr: ['pwd'], jti: 'j' },
    });
    expect(checked.ok && [...checked.value.scopes]).toEqual(['a', 'b']);
    expect(checked.ok && checked.value.endsAt).toBe(NOW + 60_000 + LEEWAY_MS);
  });

  const values: JsonValue[] = [null, true, 0, -1, 1.5, 2 ** 63, '', ' ', [], {}, [1], ['x'], 'x'];
  it.each(Object.keys(GOOD).flatMap((name) => values.map((value) => [name, value] as const)))(
    'are refused when `%s` is %j (RFC 9068 §4)',
    (name, value) => {
      if (name === 'sub' && (value === 'x' || value === ' ')) return;
      expect(check({ ...GOOD, [name]: value }).ok).toBe(false);
    },
  );
  it.each(Object.keys(GOOD))('are refused without `%s`', (name) => {
    expect(check(Object.fromEntries(Object.entries(GOOD).filter(([key]) => key !== name))).ok).toBe(false);
  });

  it('never throw and never make a token of anything at all', () => {
    const anything = fc.dictionary(
      fc.constantFrom('iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'scope', 'scp', 'cnf', '__proto__'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(anything, (claims) => !check({ ...GOOD, aud: 'them', ...(claims as JsonObject), iss: 'x' }).ok),
    );
  });
});

describe('scopes', () => {
  const table: [claims: JsonObject, scopes: string[] | undefined][] = [
    [{}, []],
    [{ scope: '' }, []],
    [{ scope: 'a  b' }, ['a', 'b']],
    [{ scope: ['a', 'b'] }, ['a', 'b']],
    [{ scp: 'a b' }, ['a', 'b']],
    [{ scp: ['a'], scope: 'b' }, ['b', 'a']],
    [{ scope: 7 }, undefined],
    [{ scp: [7] }, undefined],
    [{ scope: { a: true } }, undefined],
  ];
  it.each(table)('of %j are %j', (claims, scopes) => {
    const found = scopesOf(claims);
    expect(found && [...found]).toEqual(scopes);
  });
});
