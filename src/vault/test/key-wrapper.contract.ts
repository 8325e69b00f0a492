import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyWrapper } from '../wrappers/key-wrapper.ts';
import { refusal } from './vault.fixture.ts';

/** Two instances over one wrapping key, and one over another key of the same kind. */
export interface WrapperTrio {
  readonly wrapper: KeyWrapper;
  readonly same: KeyWrapper;
  readonly other: KeyWrapper;
}

const dataKey = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** What every adapter of the port must do. */
export function describeKeyWrapper(name: string, open: () => Promise<WrapperTrio>): void {
  describe(`the key wrapper over ${name}`, () => {
    test('gives back every key for its own context, also from another instance, and never wraps twice alike', async () => {
      const { wrapper, same } = await open();
      expect(same.id).toBe(wrapper.id);
      const wrapped = new Set<string>();
      await fc.assert(
        fc.asyncProperty(dataKey, fc.string({ unit: 'grapheme', maxLength: 60 }), async (key, context) => {
          const wrapping = await wrapper.wrap(key, context);
          expect(wrapping.wrapped).toMatch(/^\S+$/);
          expect(wrapped.has(wrapping.wrapped)).toBe(false);
          wrapped.add(wrapping.wrapped);
          expect([...(await same.unwrap(wrapping.wrapped, context))]).toEqual([...key]);
        }),
        { numRuns: 40 },
      );
    });

    test('what it gives is overwritten without harm', async () => {
      const { wrapper } = await open();
      const key = randomBytes(32);
      const { wrapped } = await wrapper.wrap(key, 'x');
      (await wrapper.unwrap(wrapped, 'x')).fill(0);
      expect(await wrapper.unwrap(wrapped, 'x')).toEqual(key);
    });

    test('another context does not open', async () => {
      const { wrapper } = await open();
      await fc.assert(
        fc.asyncProperty(dataKey, fc.string(), fc.string(), async (key, context, another) => {
          fc.pre(context !== another);
          const { wrapped } = await wrapper.wrap(key, context);
          expect(await refusal(() => wrapper.unwrap(wrapped, another))).toBe('KEY_UNWRAP_FAILED');
        }),
        { numRuns: 20 },
      );
    });

    test('a changed wrapping does not open', async () => {
      const { wrapper } = await open();
      const { wrapped } = await wrapper.wrap(randomBytes(32), 'x');
      // Not the last four characters: services decode base64 whose last bits nobody reads.
      await fc.assert(
        fc.asyncProperty(fc.nat(wrapped.length - 5), fc.constantFrom('A', 'b', '7'), async (at, letter) => {
          fc.pre(wrapped[at] !== letter);
          const changed = wrapped.slice(0, at) + letter + wrapped.slice(at + 1);
          expect(await refusal(() => wrapper.unwrap(changed, 'x'))).toBe('KEY_UNWRAP_FAILED');
        }),
        { numRuns: 60 },
      );
      for (const text of ['', 'x', wrapped.slice(0, -8)]) {
        expect(await refusal(() => wrapper.unwrap(text, 'x'))).toBe('KEY_UNWRAP_FAILED');
      }
    });

    test('another key has another id and does not open', async () => {
      const { wrapper, other } = await open();
      expect(other.id).not.toBe(wrapper.id);
      const { wrapped } = await wrapper.wrap(randomBytes(32), 'x');
      expect(await refusal(() => other.unwrap(wrapped, 'x'))).toBe('KEY_UNWRAP_FAILED');
    });

    test('neither wrapping nor id shows anything of the data key', async () => {
      const { wrapper } = await open();
      const key = randomBytes(32);
      const { wrapped, version } = await wrapper.wrap(key, 'x');
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        expect(`${wrapped} ${version} ${wrapper.id}`).not.toContain(key.toString(encoding).slice(0, 20));
      }
    });
  });
}
