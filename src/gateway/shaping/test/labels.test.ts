import { describe, expect, it } from 'vitest';
import type { Clock } from '#kernel';
import { showHidden } from '../labels/hidden.ts';
import { SeenLabels } from '../labels/seen-labels.ts';
import { somebody } from './mask.fixture.ts';

describe('writing that needs characters that nobody sees', () => {
  it.each([
    ['a family', '👨\u200d👩\u200d👧'],
    ['a heart on fire', '❤\ufe0f\u200d🔥'],
    ['a key cap', '1\ufe0f\u20e3'],
    ['the flag of Scotland', '\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}'],
    ['Persian', 'می\u200cخواهم'],
    ['Hindi', 'क्\u200dष'],
    ['Hebrew with a mark of direction', 'שלום\u200f!'],
    ['a soft hyphen', 'Donau\u00addampf'],
    ['a byte order mark at the beginning', '\ufeffa'],
    ['tabs and line breaks', 'a\tb\r\nc'],
  ])('%s stays as it is', (_, text) => {
    const flags = new Map<string, number>();
    expect(showHidden(text, 'escape', flags)).toBe(text);
    expect(flags.size).toBe(0);
  });
});

describe('what has no business there', () => {
  it.each([
    ['tags after a flag that is none', '\u{1F3F4}\u{E0061}\u{E0062}\u{E0063}', 'tags'],
    ['a message in selectors of variants', 'a\ufe01\ufe02\ufe03', 'selectors'],
    ['a row of selectors after an emoji', '😀\ufe0f\ufe0e\ufe0f', 'selectors'],
    ['selectors of the supplement', 'a\u{E0101}\u{E0102}', 'selectors'],
    ['joiners between letters', 'a\u200db', 'invisible'],
    ['overrides of direction', '\u202eabc\u202c', 'bidi'],
    ['isolates', '\u2066abc\u2069', 'bidi'],
    ['a byte order mark in the middle', 'a\ufeffb', 'invisible'],
    ['a Hangul filler', 'a\u3164b', 'invisible'],
    ['an escape', '\u001b[31m', 'control'],
    ['C1 control characters', '\u009b31m', 'control'],
    ['a backspace', 'abc\b\b\b', 'control'],
  ])('%s is shown, removed on request, and flagged', (_, text, kind) => {
    const flags = new Map<string, number>();
    const shown = showHidden(text, 'escape', flags);
    expect(shown).toMatch(/<U\+[0-9A-F]{4,5}>|[␀-␡]/);
    expect([...flags.keys()]).toEqual([kind]);
    expect(showHidden(shown, 'escape', new Map())).toBe(shown);
    expect(showHidden(text, 'remove', new Map()).length).toBeLessThan(text.length);
  });
});

describe('labels that were seen', () => {
  const at = { now: 1_000_000 };
  const clock: Clock = { now: () => at.now };

  it('are remembered for a time, in order, and forgotten after it', () => {
    at.now = 1_000_000;
    const seen = new SeenLabels(clock, 1000);
    const caller = somebody();
    expect(seen.of(caller)).toEqual([]);
    seen.saw(caller, ['untrusted']);
    at.now += 600;
    seen.saw(caller, ['pii']);
    expect(seen.of(caller)).toEqual(['pii', 'untrusted']);
    at.now += 500;
    expect(seen.of(caller)).toEqual(['pii']);
    at.now += 500;
    expect(seen.of(caller)).toEqual([]);
  });

  it('are those of the caller and the client, whatever key or session they come by', () => {
    const seen = new SeenLabels(clock, 1000);
    seen.saw(somebody({ clientId: 'one' }), ['pii']);
    expect(seen.of(somebody({ clientId: 'one', via: { method: 'api-key', keyId: 'another' } }))).toEqual(['pii']);
    expect(seen.of(somebody({ clientId: 'two' }))).toEqual([]);
    expect(seen.of(somebody({ clientId: 'one', sub: 'b' }))).toEqual([]);
  });

  it('of a clock that was set back stay', () => {
    const seen = new SeenLabels(clock, 1000);
    seen.saw(somebody(), ['pii']);
    at.now -= 100_000;
    expect(seen.of(somebody())).toEqual(['pii']);
  });
});
