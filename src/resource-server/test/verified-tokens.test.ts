/** What is remembered of tokens: bounded, never past its end, and gone at once when something changed. */
import { describe, expect, it } from 'vitest';
import type { ChangeFeed } from '#db';
import { VerifiedTokens } from '../index.ts';

const feed = (): ChangeFeed & { now: bigint | 'unknown' } => ({
  now: 1n,
  version() {
    return this.now;
  },
  close: () => {},
});

describe('a verdict', () => {
  it('is remembered until its end and not a moment longer', () => {
    const tokens = new VerifiedTokens<string, string>();
    tokens.asking().accept('a', 'yes', 100);
    expect([tokens.recall('a', 99), tokens.recall('a', 100), tokens.recall('a', 99)]).toEqual([
      'yes',
      undefined,
      undefined,
    ]);
  });

  it('is not kept when something changed while it was being asked for', () => {
    const tokens = new VerifiedTokens<string, string>();
    const keep = tokens.asking();
    tokens.forget();
    keep.accept('a', 'yes', 100);
    keep.refuse('b', 'no', 100);
    expect([tokens.recall('a', 0), tokens.recall('b', 0)]).toEqual([undefined, undefined]);
  });

  it('is forgotten when another process changed something, and while nobody can say so', () => {
    const changes = feed();
    const tokens = new VerifiedTokens<string, string>(changes);
    const recallAt = (now: number) => tokens.recall('a', now);
    recallAt(0);
    tokens.asking().accept('a', 'yes', 10_000);
    expect(recallAt(300)).toBe('yes');
    changes.now = 2n;
    expect(recallAt(600)).toBeUndefined();
    tokens.asking().accept('a', 'yes', 10_000);
    changes.now = 'unknown';
    expect(recallAt(900)).toBeUndefined();
  });

  it('of a good token stays through a flood of bad ones, and their number is bounded', () => {
    const tokens = new VerifiedTokens<string, string>();
    const keep = tokens.asking();
    keep.accept('good', 'yes', 10);
    for (let count = 0; count < 20_000; count++) keep.refuse(`bad ${count}`, 'no', 10);
    expect([tokens.recall('good', 1), tokens.recall('bad 0', 1), tokens.recall('bad 19999', 1)]).toEqual([
      'yes',
      undefined,
      'no',
    ]);
    for (let count = 0; count < 20_000; count++) keep.accept(`more ${count}`, 'yes', 10);
    expect(tokens.size).toBe(10_000);
  });

  it('is asked for once, however many wait', async () => {
    const tokens = new VerifiedTokens<string, string>();
    let asked = 0;
    const ask = async (): Promise<number> => ++asked;
    const answers = await Promise.all([tokens.once('a', ask), tokens.once('a', ask), tokens.once('b', ask)]);
    expect([answers, asked]).toEqual([[1, 1, 2], 2]);
  });
});
