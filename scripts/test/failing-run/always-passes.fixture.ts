import { expect, it } from 'vitest';
import { postgresServer } from '../../../test/postgres.ts';

it('passes, with a database running as in a whole run', async () => {
  expect((await postgresServer()).port).toBeGreaterThan(0);
});
