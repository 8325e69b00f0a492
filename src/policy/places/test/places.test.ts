/** Where addresses are: by the file that is shipped, and by files of one's own. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { serverSchema } from '#contract';
import { silentLogger, type Logger } from '#kernel';
import { UNREPRESENTABLE } from '#policy';
import type { PlacesOptions } from '../index.ts';
import { OpenPlaces } from '../places.ts';
import { mmdbOf } from './mmdb.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'chatelaine-places-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const opened: OpenPlaces[] = [];
afterEach(() => opened.splice(0).forEach((places) => places.close()));

async function openPlaces(files: PlacesOptions['files'] = {}, log: Logger = silentLogger): Promise<OpenPlaces> {
  const places = new OpenPlaces({ files, log });
  opened.push(places);
  await places.loading(['country', 'asn']);
  return places;
}

let files = 0;
function fileOf(bytes: Buffer): string {
  const path = join(directory, `${files++}.mmdb`);
  writeFileSync(path, bytes);
  return path;
}

/** What was said at which level, by event. */
function listening(): { readonly log: Logger; readonly events: string[] } {
  const events: string[] = [];
  const say = (fields: { readonly event: string }): void => void events.push(fields.event);
  return { log: { ...silentLogger, info: say, error: say }, events };
}

describe('the file that is shipped', () => {
  it.each([
    ['130.59.1.1', 'CH'],
    ['2001:620::1', 'CH'],
    ['::ffff:130.59.1.1', 'CH'],
    ['::FFFF:823b:101', 'CH'],
    // Nobody is there, or everybody: private, shared, local, for documents, for many.
    ['10.0.0.1', undefined],
    ['172.16.0.1', undefined],
    ['192.168.1.1', undefined],
    ['100.64.0.1', undefined],
    ['127.0.0.1', undefined],
    ['::1', undefined],
    ['fe80::1%eth0', undefined],
    ['fd00::1', undefined],
    ['192.0.2.1', undefined],
    ['2001:db8::1', undefined],
    ['224.0.0.1', undefined],
    ['no address', undefined],
    [undefined, undefined],
  ])('says of %s: %s', async (address, country) => {
    expect((await openPlaces()).countryOf(address)).toBe(country);
  });

  it('is loaded by who asks first, once for all who ask at a time', async () => {
    const { log, events } = listening();
    const places = new OpenPlaces({ files: {}, log });
    opened.push(places);
    expect(places.countryOf('130.59.1.1')).toBe(UNREPRESENTABLE);
    await Promise.all([places.loading(['country']), places.loading(['country'])]);
    expect(places.loading(['country'])).toBeUndefined();
    expect(events).toEqual(['places.loaded']);
  });

  it('knows nothing of autonomous systems, and says so instead of nothing', async () => {
    const places = await openPlaces();
    expect(places.loading(['asn'])).toBeUndefined();
    expect(places.asnOf('8.8.8.8')).toBe(UNREPRESENTABLE);
  });
});

describe('a file of one’s own', () => {
  it.each([
    ['GeoLite2 and DB-IP', { country: { iso_code: 'CH' } }, { autonomous_system_number: 559 }],
    ['ip-location-db', { country_code: 'CH' }, { autonomous_system_number: 559 }],
    ['IPinfo', { country: 'CH' }, { asn: 'AS559' }],
  ])('is read as %s writes it', async (_, country, asn) => {
    const places = await openPlaces({
      country: fileOf(mmdbOf([['198.51.100.0/24', country]])),
      asn: fileOf(mmdbOf([['198.51.100.0/24', asn]])),
    });
    expect([places.countryOf('198.51.100.7'), places.asnOf('198.51.100.7')]).toEqual(['CH', 559]);
    expect([places.countryOf('198.51.101.7'), places.asnOf('198.51.101.7')]).toEqual([undefined, undefined]);
  });

  it('may know networks that are nobody’s but its owner’s, and narrower ones within them', async () => {
    const country = fileOf(
      mmdbOf([
        ['10.0.0.0/8', { country_code: 'CH' }],
        ['10.9.0.0/16', { country_code: 'LI' }],
        ['fd00:1::/32', { country_code: 'AT' }],
      ]),
    );
    const places = await openPlaces({ country });
    expect(['10.1.1.1', '10.9.1.1', 'fd00:1::5', 'fd00:2::5'].map((one) => places.countryOf(one))).toEqual([
      ...['CH', 'LI', 'AT', undefined],
    ]);
  });

  it.each([
    [{ country_code: 'CHE' }, undefined],
    [{ country_code: 'ch' }, 'CH'],
    [{ country: { iso_code: 7 } }, undefined],
    [{ country_code: '' }, undefined],
  ])('that says %j says %s', async (facts, country) => {
    const places = await openPlaces({ country: fileOf(mmdbOf([['0.0.0.0/0', facts]])) });
    expect(places.countryOf('198.51.100.7')).toBe(country);
  });

  it.each([0, -1, 2 ** 32 - 1, 'ASX', '4294967296'])('a number of a system that is none is none: %s', async (said) => {
    const asn = fileOf(mmdbOf([['0.0.0.0/0', { asn: typeof said === 'number' && said < 0 ? 'AS-1' : said }]]));
    const places = await openPlaces({ asn });
    expect(places.asnOf('198.51.100.7')).toBe(said === 2 ** 32 - 1 ? said : undefined);
  });

  it('counts as soon as it is another one, also for addresses that were asked for', async () => {
    const country = fileOf(mmdbOf([['198.51.100.0/24', { country_code: 'CH' }]]));
    const places = await openPlaces({ country });
    expect(places.countryOf('198.51.100.7')).toBe('CH');
    const next = fileOf(mmdbOf([['198.51.100.0/24', { country_code: 'LI' }]], 1));
    renameSync(next, country);
    await places.look();
    expect(places.countryOf('198.51.100.7')).toBe('LI');
  });

  it('that becomes none leaves in force what it was, is told once, and counts when it is one again', async () => {
    const { log, events } = listening();
    const country = fileOf(mmdbOf([['198.51.100.0/24', { country_code: 'CH' }]]));
    const places = await openPlaces({ country }, log);
    writeFileSync(country, 'not a database');
    await places.look();
    await places.look();
    expect(places.countryOf('198.51.100.7')).toBe('CH');
    rmSync(country);
    await places.look();
    expect(places.countryOf('198.51.100.7')).toBe('CH');
    writeFileSync(country, mmdbOf([['198.51.100.0/24', { country_code: 'AT' }]]));
    await places.look();
    expect(places.countryOf('198.51.100.7')).toBe('AT');
    expect(events).toEqual(['places.loaded', 'places.refused', 'places.refused', 'places.loaded']);
  });

  it.each([
    ['is not there', () => join(directory, 'nowhere.mmdb')],
    ['is empty', () => fileOf(Buffer.alloc(0))],
    ['is something else', () => fileOf(Buffer.from('a,b,c\n1,2,3\n'))],
    ['was cut off', () => fileOf(mmdbOf([['198.51.100.0/24', { country_code: 'CH' }]]).subarray(0, 300))],
    ['lost its beginning', () => fileOf(mmdbOf([['198.51.100.0/24', { country_code: 'CH' }]]).subarray(120))],
  ])('that %s tells nothing, which is another thing than that there is nothing', async (_, path) => {
    const { log, events } = listening();
    const places = await openPlaces({ country: path() }, log);
    expect(places.countryOf('198.51.100.7')).toBe(UNREPRESENTABLE);
    expect(events).toEqual(['places.unavailable']);
  });
});

it('a file that comes later counts when it is there, and what was in its way is told once', async () => {
  const { log, events } = listening();
  const country = join(directory, 'later.mmdb');
  const places = await openPlaces({ country }, log);
  await places.look();
  expect(places.loading(['country'])).toBeUndefined();
  expect(places.countryOf('198.51.100.7')).toBe(UNREPRESENTABLE);
  writeFileSync(country, mmdbOf([['198.51.100.0/24', { country_code: 'CH' }]]));
  await places.look();
  expect(places.countryOf('198.51.100.7')).toBe('CH');
  expect(events).toEqual(['places.unavailable', 'places.loaded']);
});

it('a path in the configuration is absolute', () => {
  const read = (country: string) => serverSchema.safeParse({ kind: 'server', places: { country } });
  expect(read('/data/country.mmdb').success).toBe(true);
  expect(read('country.mmdb').error?.issues).toMatchObject([{ path: ['places', 'country'] }]);
});
