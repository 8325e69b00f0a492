import { inspect } from 'node:util';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  BoundedCache,
  createLogger,
  didYouMean,
  formatDuration,
  formatSize,
  nearest,
  newId,
  parseDuration,
  parseSize,
  randomToken,
  retryAfterOf,
  reveal,
  Secret,
} from '../index.ts';

describe('secrets', () => {
  const secret = new Secret('hunter2');
  it('do not print, however they are printed', () => {
    const printed = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect(secret, { showHidden: true, depth: 9 }),
      Object.values(secret).join(),
    ];
    for (const text of printed) expect(text).not.toContain('hunter2');
  });
  it('give their value to who asks for it', () => expect(reveal(secret)).toBe('hunter2'));

  it('and whatever has a telling name stay out of the log', () => {
    let written = '';
    const log = createLogger({
      level: 'info',
      destination: new Writable({ write: (chunk: Buffer, _, done) => ((written += chunk.toString()), done()) }),
    });
    log.info(
      {
        secret,
        headers: { authorization: 'Bearer hunter2' },
        upstream: { source: { password: 'hunter2' } },
        token: 'hunter2',
      },
      'told',
    );
    expect(written).toContain('"msg":"told"');
    expect(written).not.toContain('hunter2');
  });
});

describe('the log as text', () => {
  it('lets no message and no stack start a line of its own, or write to the terminal', () => {
    let written = '';
    const log = createLogger({
      level: 'info',
      format: () => 'text',
      destination: new Writable({ write: (chunk: Buffer, _, done) => ((written += chunk.toString()), done()) }),
    });
    const forged = '12:00:00 ERROR forged\u001b[2J\u009b2J\r';
    log.info({ err: new Error(`syntax error near\n${forged}`), note: `\u009b${forged}` }, `refused\n${forged}`);
    expect(written.split('\n').filter((line) => /^\S/.test(line))).toHaveLength(1);
    expect(written).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it('keeps to one line whatever a caller put into a field', () => {
    let written = '';
    const log = createLogger({
      level: 'info',
      format: () => 'text',
      destination: new Writable({ write: (chunk: Buffer, _, done) => ((written += chunk.toString()), done()) }),
    });
    log.info({ tool: 'a\n12:00:00 INFO  forged', password: 'hunter2', durationMs: 3 }, 'tool called');
    expect(written).toMatch(
      /^\d\d:\d\d:\d\d INFO {2}tool called tool="a\\n12:00:00 INFO {2}forged" password=\[redacted\] durationMs=3\n$/,
    );
  });
});

describe('durations', () => {
  it.each([
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['90d', 7_776_000_000],
    ['30', undefined],
    ['', undefined],
    ['1 m', undefined],
    ['-1s', undefined],
    ['1y', undefined],
  ])('%s is %s', (text, ms) => expect(parseDuration(text)).toBe(ms));
  it.each([
    [999, '999 ms'],
    [30_000, '30 s'],
    [300_000, '5 min'],
    [7_200_000, '2 h'],
  ])('%i reads %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('sizes', () => {
  it.each([
    ['5MB', 5_000_000],
    ['1MiB', 1_048_576],
    ['512 KiB', 524_288],
    ['10', 10],
    [77, 77],
    [-1, undefined],
    [1.5, undefined],
    ['5 apples', undefined],
  ])('%s is %s bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));
  it('read well', () => expect([formatSize(214), formatSize(1_048_576)]).toEqual(['214 B', '1 MiB']));
});

describe('the nearest name', () => {
  const names = ['postgres-sql', 'postgres-execute-sql', 'sqlite-sql', 'http'];
  it.each([
    ['postgres-sqk', 'postgres-sql'],
    ['psotgres-sql', 'postgres-sql'],
    ['SQLITE-SQL', 'sqlite-sql'],
    ['htpp', 'http'],
    ['kafka', undefined],
    ['', undefined],
  ])('to `%s` is %s', (given, found) => expect(nearest(given, names)).toBe(found));
  it('ends a sentence, or adds nothing', () => {
    expect(didYouMean('htpp', names)).toBe('; did you mean `http`?');
    expect(didYouMean('kafka', names)).toBe('');
  });
});

describe('identifiers', () => {
  it('sort by age and never repeat', () => {
    const ids = Array.from({ length: 1000 }, (_, index) => newId(1_700_000_000_000 + index));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  });
  it('and tokens carry 256 random bits', () => expect(Buffer.from(randomToken(), 'base64url')).toHaveLength(32));
});

describe('the bounded cache', () => {
  it('never holds more than its limit, and forgets what was used longest ago', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
        const cache = new BoundedCache<number, number>(3);
        let model: number[] = [];
        for (const [write, key] of steps) {
          if (write) {
            cache.set(key, key);
            model = [...model.filter((known) => known !== key), key].slice(-3);
          } else {
            expect(cache.get(key)).toBe(model.includes(key) ? key : undefined);
            if (model.includes(key)) model = [...model.filter((known) => known !== key), key];
          }
          expect(cache.size).toBe(model.length);
        }
      }),
    );
  });
});

it.each<[string, number, Record<string, unknown> | undefined, number | undefined]>([
  ['what is away now', 503, undefined, 1],
  ['what is away and says for how long', 503, { retryAfterSeconds: 17 }, 17],
  ['what comes too often', 429, { retryAfterSeconds: 3 }, 3],
  ['what will not be better later', 400, undefined, undefined],
])('Retry-After of %s (RFC 9110 §10.2.3)', (_, status, details, expected) => {
  expect(retryAfterOf({ status, details })).toBe(expected);
});
