import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSunService, type SunService } from '../sun/service.ts';

// 23:30 UTC on 20 June: still the 20th in Lisbon's solar time, the 21st in Zürich's clocks.
const NOW = Date.parse('2026-06-20T23:30:00Z');
let service: SunService;
beforeAll(async () => {
  service = await startSunService({ now: () => NOW });
});
afterAll(() => service.stop());

async function ask(
  path: string,
  init: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${service.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${service.token}`, ...init.headers },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const ZURICH = 'latitude=47.3769&longitude=8.5417';

describe('the sun service', () => {
  it('gives the times of a day in the zone asked for', async () => {
    const { status, body } = await ask(`/v1/sun/2026-06-21?${ZURICH}&time_zone=Europe/Zurich`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      date: '2026-06-21',
      time_zone: 'Europe/Zurich',
      condition: 'rises_and_sets',
      sunrise: '2026-06-21T05:29+02:00',
      sunset: '2026-06-21T21:26+02:00',
      day_length: '15:57',
      day_length_minutes: 957,
    });
  });

  it('knows that today depends on the place', async () => {
    expect((await ask(`/v1/sun/today?${ZURICH}&time_zone=Europe/Zurich`)).body['date']).toBe('2026-06-21');
    expect((await ask('/v1/sun/today?latitude=38.7&longitude=-9.1')).body['date']).toBe('2026-06-20');
  });

  it('leaves out what does not happen and says why', async () => {
    const { body } = await ask('/v1/sun/2026-06-21?latitude=69.65&longitude=18.96');
    expect(body).toMatchObject({ condition: 'polar_day', sunrise: null, sunset: null, day_length: '24:00' });
  });

  it('looks through a year', async () => {
    const { body } = await ask(`/v1/year/2026?${ZURICH}&time_zone=Europe/Zurich`);
    expect(body['longest_day']).toMatchObject({ day_length: '15:57' });
    expect((body['longest_day'] as { date: string }).date).toMatch(/^2026-06-2\d$/);
    expect(body['months']).toHaveLength(12);
    expect(body).toMatchObject({ polar_day_count: 0, polar_night_count: 0 });
  });

  it.each([
    ['now', ZURICH, 'night'],
    ['now', 'latitude=-33.8688&longitude=151.2093', 'day'],
    ['2026-06-21T04:30:00%2B02:00', ZURICH, 'nautical_twilight'],
    ['2026-06-21T05:10:00%2B02:00', ZURICH, 'civil_twilight'],
    ['2026-06-21T13:27:00%2B02:00', ZURICH, 'day'],
  ])('tells the light at %s, %s: %s', async (time, where, light) => {
    expect((await ask(`/v1/sky/${time}?${where}`)).body['light']).toBe(light);
  });

  it.each([
    ['/v1/sun/2026-02-30?latitude=1&longitude=1', '`2026-02-30` is not a date'],
    ['/v1/sun/1815-06-18?latitude=1&longitude=1', 'not between 1900 and 2100'],
    ['/v1/sun/today?latitude=91&longitude=1', 'latitude `91`'],
    ['/v1/sun/today?latitude=1', 'longitude ``'],
    ['/v1/sun/today?latitude=1&longitude=Infinity', 'longitude `Infinity`'],
    ['/v1/sun/today?latitude=1&longitude=1&time_zone=Mars/Olympus', '`Mars/Olympus` is not an IANA time zone'],
    ['/v1/year/20x6?latitude=1&longitude=1', 'the year `20x6`'],
    ['/v1/sky/soon?latitude=1&longitude=1', '`soon` is not a time'],
    ['/v1/sky/2026-06-21T18:30?latitude=1&longitude=1', 'is not a time'],
    ['/v1/sun/%ff?latitude=1&longitude=1', 'URI malformed'],
  ])('answers %s with 400 and the reason', async (path, reason) => {
    const { status, body } = await ask(path);
    expect(status).toBe(400);
    expect(body['error']).toContain(reason);
  });

  it('answers nobody without its token, and nothing but GET', async () => {
    for (const authorization of ['', 'Bearer wrong', `Basic ${service.token}`]) {
      expect((await ask(`/v1/sun/today?${ZURICH}`, { headers: { authorization } })).status).toBe(401);
    }
    expect((await ask(`/v1/sun/today?${ZURICH}`, { method: 'POST', body: '{}' })).status).toBe(405);
    for (const path of ['/', '//', '/v1/sun/', '/v1/moon/today']) expect((await ask(path)).status).toBe(404);
  });
});
