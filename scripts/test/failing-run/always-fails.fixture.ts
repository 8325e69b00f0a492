import { expect, it } from 'vitest';
import { postgresServer } from '../../../test/postgres.ts';

it('fails, with a database running as in a whole run', async () => {
  await postgresServer();
  expect('this').toBe('that');
});
