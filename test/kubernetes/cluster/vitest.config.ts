import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['chatelaine-source'] },
  ssr: { resolve: { conditions: ['chatelaine-source', 'node'] } },
  test: {
    include: ['test/kubernetes/cluster/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    reporters: ['default', ['./scripts/tally-reporter.ts', { name: 'test:cluster' }]],
  },
});
