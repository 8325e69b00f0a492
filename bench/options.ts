import { parseArgs } from 'node:util';
import { scenarios } from './scenarios/index.ts';
import type { Effort } from './measure/compare.ts';
import type { Scenario } from './scenarios/scenario.ts';

export interface Options {
  readonly size: 'short' | 'normal' | 'full';
  readonly withToolbox: boolean;
  readonly scenarios: readonly Scenario[];
  /** A folder for CPU profiles of the server. */
  readonly profiles: string | undefined;
}

export interface Extent {
  readonly effort: Effort;
  readonly connections: readonly number[];
  readonly starts: number;
  readonly auditRecords: number;
  readonly streams: number;
  /** How often the signing key changes under load, and how far apart. */
  readonly rotation: { readonly rotations: number; readonly everyMs: number };
}

/** How much is measured: some two minutes for CI, some minutes by default, long rounds for figures to quote. */
export const EXTENT: Readonly<Record<Options['size'], Extent>> = {
  short: {
    ...{ effort: { rounds: 5, roundMs: 300 }, connections: [1, 16, 64], starts: 15, auditRecords: 200_000 },
    ...{ streams: 1000, rotation: { rotations: 3, everyMs: 1500 } },
  },
  normal: {
    ...{ effort: { rounds: 3, roundMs: 1000 }, connections: [1, 16, 64], starts: 5, auditRecords: 200_000 },
    ...{ streams: 10_000, rotation: { rotations: 2, everyMs: 10_000 } },
  },
  full: {
    ...{ effort: { rounds: 5, roundMs: 2000 }, connections: [1, 16, 64], starts: 7, auditRecords: 10_000_000 },
    ...{ streams: 10_000, rotation: { rotations: 6, everyMs: 10_000 } },
  },
};

/** Throws with what is allowed when the command line is wrong. */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      short: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      'with-toolbox': { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      profile: { type: 'string' },
    },
  });
  if (values.short && values.full) throw new Error('`--short` and `--full` exclude each other');
  for (const name of values.only ?? []) {
    if (!scenarios.some((scenario) => scenario.name === name))
      throw new Error(`there is no scenario \`${name}\`; there are ${scenarios.map((one) => one.name).join(', ')}`);
  }
  return {
    size: values.short ? 'short' : values.full ? 'full' : 'normal',
    withToolbox: values['with-toolbox'],
    scenarios: scenarios.filter((scenario) => values.only?.includes(scenario.name) ?? true),
    profiles: values.profile,
  };
}
