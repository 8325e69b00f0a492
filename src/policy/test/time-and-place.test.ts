/**
 * Where and when: what policies make of clocks in time zones and of addresses, at the edges of both. The clock is
 * the server's; the address is the one that the door saw, or was told by a proxy of ours (`trusted-proxies.test.ts`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { latePlaces, UNREPRESENTABLE } from '#policy';
import { mmdbOf } from '../places/test/mmdb.fixture.ts';
import { requestWith, setOf } from './policies.fixture.ts';

const ALL = '(principal, action, resource)';

const at = (condition: string) => {
  const set = setOf(`permit${ALL} when { ${condition} };`);
  return (moment: string): boolean => set.decide(requestWith({ now: Date.parse(moment) })).allowed;
};

describe('POL-009: hours are those of the zone that the policy names', () => {
  const hour = 'context.time["Europe/Zurich"].hour';

  test('and half open: from the first minute of an hour to the last before another', () => {
    const inOffice = at(`${hour} >= 9 && ${hour} < 17`);
    // Winter is UTC+1, summer UTC+2.
    expect(['2026-01-12T07:59:59.999Z', '2026-01-12T08:00:00Z'].map(inOffice)).toEqual([false, true]);
    expect(['2026-01-12T15:59:59.999Z', '2026-01-12T16:00:00Z'].map(inOffice)).toEqual([true, false]);
    expect(['2026-07-13T06:59:59Z', '2026-07-13T07:00:00Z', '2026-07-13T15:00:00Z'].map(inOffice)).toEqual([
      ...[false, true, false],
    ]);
  });

  test('over midnight with an or', () => {
    const atNight = at(`${hour} >= 22 || ${hour} < 6`);
    expect(
      ['2026-01-12T20:59:59Z', '2026-01-12T21:00:00Z', '2026-01-12T23:00:00Z', '2026-01-13T04:59:59Z'].map(atNight),
    ).toEqual([false, true, true, true]);
    expect(atNight('2026-01-13T05:00:00Z')).toBe(false);
  });

  test('an hour that a day has twice is in force both times, and one that it lacks never comes', () => {
    const two = at(`${hour} == 2`);
    // 2026-10-25: 02:00 to 03:00 in summer time, and again in winter time.
    const autumn = ['2026-10-24T23:59:59Z', '2026-10-25T00:00:00Z', '2026-10-25T01:59:59Z', '2026-10-25T02:00:00Z'];
    expect(autumn.map(two)).toEqual([false, true, true, false]);
    // 2026-03-29: 01:59:59 is followed by 03:00:00.
    const spring = ['2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', '2026-03-29T01:59:59Z'];
    expect(spring.map(two)).toEqual([false, false, false]);
  });

  test('days begin at the midnight of the zone, west and east of the line', () => {
    const monday = (zone: string) => at(`context.time["${zone}"].weekday == 1`);
    // Monday, 2026-11-30.
    const moment = '2026-11-30T10:30:00Z';
    expect(monday('UTC')(moment)).toBe(true);
    expect(monday('Pacific/Kiritimati')('2026-11-29T10:00:00Z')).toBe(true);
    expect(monday('Pacific/Kiritimati')(moment)).toBe(false);
    expect(monday('Pacific/Pago_Pago')(moment)).toBe(false);
    expect(monday('Asia/Kathmandu')('2026-11-29T18:14:59Z')).toBe(false);
    expect(monday('Asia/Kathmandu')('2026-11-29T18:15:00Z')).toBe(true);
  });

  test('the last second of a year is of that year, and a leap day is a day', () => {
    const date = at(
      'context.time["UTC"].year == 2024 && context.time["UTC"].month == 2 && context.time["UTC"].day == 29',
    );
    expect(
      ['2024-02-28T23:59:59Z', '2024-02-29T00:00:00Z', '2024-02-29T23:59:59Z', '2024-03-01T00:00:00Z'].map(date),
    ).toEqual([false, true, true, false]);
    const year = at('context.time["UTC"].year == 2026');
    expect(['2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00Z'].map(year)).toEqual([true, false]);
  });

  test('what was decided in one hour is not remembered for the next', () => {
    const set = setOf(`permit${ALL} when { ${hour} < 9 };`);
    const decide = (moment: string) => set.decide(requestWith({ now: Date.parse(moment) })).allowed;
    expect(decide('2026-01-12T07:10:00Z')).toBe(true);
    expect(decide('2026-01-12T07:50:00Z')).toBe(true);
    expect(set.evaluations).toBe(1);
    expect(decide('2026-01-12T08:10:00Z')).toBe(false);
  });
});

describe('addresses', () => {
  const from = (condition: string) => {
    const set = setOf(`permit${ALL} when { context has address && ${condition} };`);
    return (address: string | undefined): boolean => set.decide(requestWith({ address })).allowed;
  };

  test.each([
    ['ip("10.0.0.0/8")', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0', '2001:db8::1']],
    ['ip("2001:db8::/32")', ['2001:db8::', '2001:db8:ffff::1'], ['2001:db7::1', '2001:db9::', '10.0.0.1']],
    ['ip("192.0.2.7")', ['192.0.2.7'], ['192.0.2.8']],
  ])('of %s are in it, and no others', (range, inside, outside) => {
    const within = from(`context.address.isInRange(${range})`);
    expect(inside.map(within)).toEqual(inside.map(() => true));
    expect(outside.map(within)).toEqual(outside.map(() => false));
  });

  test('of nobody are in no network, and a policy that takes it for granted that there is one denies', () => {
    expect(from('context.address.isInRange(ip("0.0.0.0/0"))')(undefined)).toBe(false);
    const careless = setOf(`permit${ALL};`, `forbid${ALL} when { context.address.isLoopback() };`);
    expect(careless.decide(requestWith()).because).toBe('error');
  });
});

describe('countries and autonomous systems', () => {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-time-and-place-'));
  const asn = join(directory, 'asn.mmdb');
  writeFileSync(asn, mmdbOf([['130.59.0.0/16', { autonomous_system_number: 559 }]]));
  const places = latePlaces({ files: { asn }, log: silentLogger });
  beforeAll(() => places.loading(['country', 'asn']));
  afterAll(() => {
    places.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const whereabouts = (address: string | undefined) =>
    requestWith({ address, country: places.countryOf(address), asn: places.asnOf(address) });
  const SWISS = '130.59.1.1';
  const PRIVATE = '10.0.0.1';

  test.each([
    ['a permit for one country', 'permit', 'context has country && context.country == "CH"', true, false, 'nothing'],
    ['a permit that takes a country for granted', 'permit', 'context.country == "CH"', true, false, 'error'],
    ['a permit for one system', 'permit', 'context has asn && context.asn == 559', true, false, 'nothing'],
    [
      'a permit for all countries but one',
      'permit',
      'context has country && context.country != "XX"',
      true,
      false,
      'nothing',
    ],
  ])('%s: a private address has none, and gets nothing by it', (_, effect, condition, swiss, other, because) => {
    const set = setOf(`${effect}${ALL} when { ${condition} };`);
    expect(set.decide(whereabouts(SWISS)).allowed).toBe(swiss);
    for (const address of [PRIVATE, '::1', 'fe80::1%eth0', '192.0.2.1', undefined])
      expect(set.decide(whereabouts(address))).toMatchObject({ allowed: other, because });
  });

  test('a forbid of a country does not hold where there is none, unless it says so', () => {
    const forbid = (condition: string) => setOf(`permit${ALL};`, `forbid${ALL} when { ${condition} };`);
    const kept = forbid('context has country && context.country == "CH"');
    expect(kept.decide(whereabouts(SWISS)).because).toBe('forbid');
    expect(kept.decide(whereabouts(PRIVATE)).allowed).toBe(true);
    const strict = forbid('!(context has country) || context.country != "CH"');
    expect(strict.decide(whereabouts(SWISS)).allowed).toBe(true);
    expect(strict.decide(whereabouts(PRIVATE)).because).toBe('forbid');
    const careless = forbid('context.country == "CH"');
    expect(careless.decide(whereabouts(PRIVATE)).because).toBe('error');
  });

  test('IPv6 and IPv4 in the clothes of IPv6 are of the same countries', () => {
    const set = setOf(`permit${ALL} when { context has country && context.country == "CH" };`);
    expect(['2001:620::1', '::ffff:130.59.1.1'].map((one) => set.decide(whereabouts(one)).allowed)).toEqual([
      true,
      true,
    ]);
  });

  test('what cannot be told is denied, whatever the policies make of it, and not shown in lists', () => {
    const lost = { address: SWISS, country: UNREPRESENTABLE } as const;
    for (const condition of ['context has country && context.country == "XX"', '!(context has country)']) {
      const set = setOf(`permit${ALL};`, `forbid${ALL} when { ${condition} };`);
      expect(set.decide(requestWith(lost))).toMatchObject({ allowed: false, because: 'argument' });
      expect(set.mayEver(requestWith(lost))).toBe(false);
      // Nor where lists leave the arguments open.
      const some = `forbid${ALL} when { context.args has amount && context.args.amount > 9 };`;
      const besideArguments = setOf(`permit${ALL};`, `forbid${ALL} when { ${condition} };`, some);
      expect(besideArguments.mayEver(requestWith(lost))).toBe(false);
    }
    expect(setOf(`permit${ALL};`).decide(requestWith(lost)).allowed).toBe(true);
  });

  test('a decision is remembered by the country, and another country is decided anew', () => {
    const set = setOf(`permit${ALL} when { context has country && context.country == "CH" };`);
    for (const address of [SWISS, '130.59.2.2', '2001:620::1']) set.decide(whereabouts(address));
    expect(set.evaluations).toBe(1);
    expect(set.decide(whereabouts('8.8.8.8')).allowed).toBe(false);
    expect(set.evaluations).toBe(2);
  });
});
