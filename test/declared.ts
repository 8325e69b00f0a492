/** The documents of a configuration that loads, for whoever needs them parsed. */
import { expect } from 'vitest';
import type { Configuration } from '#contract';
import { loadConfiguration, sourceTypes } from '#toolbox';

export function declared(yaml: string): Configuration {
  const loaded = loadConfiguration([{ file: 'test.yaml', directory: '/', bytes: Buffer.from(yaml) }], {
    env: {},
    catalog: sourceTypes,
  });
  if (loaded.ok) return loaded.value.configuration;
  return expect.unreachable(loaded.error.map(({ message }) => message).join('; '));
}
