/** What is unusual is found, and what is not is left alone: on weeks of made-up callers whose attacks are labelled. */
import { describe, expect, test } from 'vitest';
import { Habits } from '../habits.ts';
import {
  ANOMALY_KINDS,
  LIMITS,
  merged,
  NEW_PROFILE,
  type AnomalyKind,
  type ObservedCall,
  type Profile,
} from '../profile.ts';
import { labelledTrace, type LabelledCall } from './traces.fixture.ts';

const DAY = 86_400_000;

/** Findings as alerts are: once for a caller and a kind in six hours. */
function alertsOf(trace: readonly LabelledCall[]) {
  const callers = new Map<string, Habits>();
  const lastAt = new Map<string, number>();
  const alerts: { readonly call: LabelledCall; readonly kind: AnomalyKind }[] = [];
  for (const call of trace) {
    const habits = callers.get(call.principal) ?? new Habits(NEW_PROFILE);
    callers.set(call.principal, habits);
    for (const { kind } of habits.observe(call)) {
      const key = `${call.principal} ${kind}`;
      if (call.at - (lastAt.get(key) ?? 0) < DAY / 4) continue;
      lastAt.set(key, call.at);
      alerts.push({ call, kind });
    }
  }
  return { alerts };
}

/** An alert is right when the caller is being attacked in that hour; an attack is found when one of its hour is right. */
function measured(seed: number) {
  const trace = labelledTrace({ seed, callers: 40, weeks: 5 }, ANOMALY_KINDS);
  const attacks = new Map<string, AnomalyKind>();
  for (const { principal, attack, at } of trace)
    if (attack !== undefined) attacks.set(`${principal} ${Math.floor(at / 3_600_000)}`, attack);
  const { alerts } = alertsOf(trace);
  const hourOf = ({ call }: { readonly call: LabelledCall }): string =>
    `${call.principal} ${Math.floor(call.at / 3_600_000)}`;
  const right = alerts.filter((one) => attacks.has(hourOf(one)));
  const found = new Set(right.filter((one) => attacks.get(hourOf(one)) === one.kind).map(hourOf));
  return {
    calls: trace.length,
    attacks: attacks.size,
    alerts: alerts.length,
    precision: right.length / alerts.length,
    recall: found.size / attacks.size,
    wrong: alerts.filter((one) => !attacks.has(hourOf(one))).map(({ kind }) => kind),
    missed: [...attacks].filter(([key]) => !found.has(key)).map(([, kind]) => kind),
  };
}

describe('on labelled traces of forty callers over five weeks', () => {
  test.each([1, 2])('nine of ten alerts are right and nineteen of twenty attacks are found (seed %i)', (seed) => {
    const { precision, recall, attacks, missed, wrong } = measured(seed);
    expect(attacks).toBeGreaterThan(32);
    expect(missed).toEqual(missed.slice(0, Math.floor(attacks * 0.05)));
    expect(recall).toBeGreaterThanOrEqual(0.95);
    expect(wrong.length).toBeLessThanOrEqual(4);
    expect(precision).toBeGreaterThanOrEqual(0.9);
  });

  test('without attacks there is less than one alert for a caller in ten weeks', () => {
    const trace = labelledTrace({ seed: 7, callers: 20, weeks: 6 }, ANOMALY_KINDS).filter(
      ({ attack }) => attack === undefined,
    );
    expect(alertsOf(trace).alerts.length).toBeLessThan(12);
  });
});

const MONDAY = Date.parse('2026-09-07T09:00:00Z');

/** Four weeks of workdays: ten calls an hour from nine to noon. */
function usual(more: Partial<ObservedCall> = {}): Profile {
  const habits = new Habits(NEW_PROFILE);
  for (let day = 0; day < 26; day++) {
    if (day % 7 >= 5) continue;
    for (let call = 0; call < 30; call++)
      habits.observe({ at: MONDAY + day * DAY + call * 360_000, ...LIKE_ALWAYS, ...more });
  }
  return habits.profile;
}

const LIKE_ALWAYS = { tool: 'look', denied: false, size: 100, address: 'home', client: 'desk', country: 'CH' } as const;
const THEN = MONDAY + 28 * DAY;
const kindsOf = (profile: Profile, call: Partial<ObservedCall>): readonly AnomalyKind[] =>
  new Habits(profile).observe({ at: THEN, ...LIKE_ALWAYS, ...call }).map(({ kind }) => kind);

describe('a caller of four weeks', () => {
  test.each<[string, Partial<ObservedCall>, readonly AnomalyKind[]]>([
    ['as always', {}, []],
    ['with another tool', { tool: 'export' }, ['new_tool']],
    ['from another network', { address: 'elsewhere' }, ['new_address']],
    ['from another country', { country: 'XX' }, ['new_country']],
    ['with another program', { client: 'script' }, ['new_client']],
    ['with arguments hundreds of times as large', { size: 50_000 }, ['argument_size']],
    ['at night', { at: THEN + 17 * 3_600_000 }, ['unusual_hour']],
    ['on a Sunday', { at: THEN + 6 * DAY }, ['unusual_hour']],
    ['an hour later than ever', { at: THEN + 3 * 3_600_000 }, []],
  ])('%s', (_what, call, kinds) => {
    expect(kindsOf(usual(), call)).toEqual(kinds);
  });

  test('who calls too often, or is refused too often, is found once in that hour', () => {
    for (const [kind, denied] of [
      ['volume', false],
      ['denials', true],
    ] as const) {
      const habits = new Habits(usual());
      const found: AnomalyKind[] = [];
      for (let call = 0; call < 200; call++) {
        const findings = habits.observe({ ...LIKE_ALWAYS, at: THEN + call * 1000, denied });
        found.push(...findings.map((finding) => finding.kind));
      }
      expect(found.filter((one) => one === kind)).toEqual([kind]);
    }
  });

  test('and nobody is found before there is anything to compare with', () => {
    expect(kindsOf(NEW_PROFILE, { tool: 'export', size: 1_000_000 })).toEqual([]);
  });

  test('who often tries something new is not unusual when they do again', () => {
    const habits = new Habits(usual());
    const found = Array.from({ length: 6 }, (_, day) => {
      const findings = habits.observe({ ...LIKE_ALWAYS, at: THEN + day * DAY, tool: `tool-${day}` });
      return findings.some(({ kind }) => kind === 'new_tool');
    });
    expect(found.slice(2)).not.toContain(true);
  });

  test('a profile stays as large as it may be, whatever a caller sends', () => {
    const habits = new Habits(usual());
    for (let call = 0; call < 600; call++) {
      const odd = { tool: `t${call}`, address: `a${call}`, client: `c${call}`, country: `k${call}` };
      habits.observe({ ...LIKE_ALWAYS, ...odd, at: THEN + call * 600_000 });
    }
    const { profile } = habits;
    const { tools, addresses, countries, clients } = LIMITS.known;
    expect(
      [profile.tools, profile.addresses, profile.countries, profile.clients].map((one) => Object.keys(one).length),
    ).toEqual([tools, addresses, countries, clients]);
    expect(JSON.stringify(profile).length).toBeLessThan(32_000);
  });

  test('what one process has seen is nothing new to the other', () => {
    const elsewhere = new Habits(NEW_PROFILE);
    elsewhere.observe({ ...LIKE_ALWAYS, at: THEN, tool: 'export', address: 'elsewhere' });
    const both = merged(usual(), elsewhere.profile);
    expect(kindsOf(both, { tool: 'export', address: 'elsewhere' })).toEqual([]);
  });

  test('what is kept of it and read again finds the same, and so do the hours of another process', () => {
    const read = JSON.parse(JSON.stringify(usual())) as Profile;
    expect(read).toEqual(usual());
    expect(new Habits(read).profile).toEqual(usual());
    const night = new Habits(NEW_PROFILE);
    night.observe({ ...LIKE_ALWAYS, at: THEN + 17 * 3_600_000 });
    expect(kindsOf(merged(usual(), night.profile), { at: THEN + 17 * 3_600_000 + 7 * DAY })).toEqual([]);
  });
});
