import type * as duckdb from '@duckdb/node-api';
import { toolboxError } from '../../errors.ts';

export type Driver = typeof duckdb;

/**
 * The driver, loaded at the first use: it is an optional package, since it brings a library of 70 MB
 * that few need. Throws `DRIVER_MISSING` where it is not installed or not made for this machine.
 */
export async function loadDriver(): Promise<Driver> {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    throw toolboxError(
      'DRIVER_MISSING',
      `sources of type \`duckdb\` need the package \`@duckdb/node-api\`, which cannot be loaded: ${firstLine(cause)}`,
      { cause, remedy: 'Run `npm install @duckdb/node-api` where Chatelaine is installed, then call again.' },
    );
  }
}

const firstLine = (cause: unknown): string => (cause as Error).message.split('\n')[0] ?? '';
