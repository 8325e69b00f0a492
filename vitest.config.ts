import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['chatelaine-source'] },
  ssr: { resolve: { conditions: ['chatelaine-source', 'node'] } },
  test: {
    include: ['src/**/test/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts'],
    // What needs a server that takes minutes to compile, and programs of others, or a cluster: `npm run test:kubernetes`, `test:cluster`.
    exclude: [...configDefaults.exclude, 'test/kubernetes/{cluster,crd-server,deploy}/**'],
    // Starts nothing by itself: the first test that asks for PostgreSQL does.
    globalSetup: ['test/postgres-door.ts'],
    // Real databases and child processes on two shared cores: patience instead of flakes.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', './scripts/tally-reporter.ts'],
  },
});
