/** A vault of a few secrets in memory, behind the port, for tests of what stands before it. */
import { ChatelaineError, systemClock, type Clock } from '#kernel';
import {
  formatSecretReference,
  type HeldSecret,
  type SecretHolder,
  type SecretMaterial,
  type SecretReader,
} from '#contract';
import { SourceSecrets } from '../source-secrets.ts';

export interface TestVault extends SecretReader {
  put(reference: string, material: SecretMaterial, endsAt?: number): void;
  /** What reading answers from then on: the code of an error. */
  fail(reference: string, code: string): void;
  /** Every reading, with who wanted it. */
  readonly reads: { readonly reference: string; readonly holder: SecretHolder }[];
}

export function testVault(): TestVault {
  const held = new Map<string, HeldSecret | string>();
  const reads: TestVault['reads'] = [];
  let version = 0;
  return {
    reads,
    put: (reference, material, endsAt) =>
      void held.set(reference, { material, version: `secret.${++version}`, endsAt }),
    fail: (reference, code) => void held.set(reference, code),
    async read(reference, holder) {
      const name = formatSecretReference(reference);
      reads.push({ reference: name, holder });
      const found = held.get(name) ?? 'SECRET_UNKNOWN';
      if (typeof found !== 'string') return found;
      throw new ChatelaineError(found, { status: 404, title: '', remedy: '' }, `\`${name}\``);
    },
  };
}

/** The secrets of a source `shop`; without a vault, every reference fails. */
export const secretsOf = (vault?: SecretReader, clock: Clock = systemClock): SourceSecrets =>
  new SourceSecrets(vault, { namespace: 'default', name: 'shop' }, clock);
