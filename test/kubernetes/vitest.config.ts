import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['chatelaine-source'] },
  ssr: { resolve: { conditions: ['chatelaine-source', 'node'] } },
  test: {
    include: ['test/kubernetes/crd-server/**/*.test.ts', 'test/kubernetes/deploy/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    reporters: ['default', ['./scripts/tally-reporter.ts', { name: 'test:kubernetes' }]],
  },
});
