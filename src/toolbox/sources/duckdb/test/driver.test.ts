import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('says which package is missing where the driver is not installed', async () => {
  const folder = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(name, context, next) {
        return next(name === '@duckdb/node-api' ? '@duckdb/not-installed' : name, context);
      },
    });
    const [{ DuckdbSource }, { duckdbSchema }] = await Promise.all([import(${folder('../source.ts')}), import(${folder('../config.ts')})]);
    const source = new DuckdbSource(duckdbSchema.parse({ database: ':memory:' }), { name: 's', directory: '.' });
    const limits = { signal: new AbortController().signal, timeoutMs: 9000, maxRows: 1, maxBytes: 99, readOnly: false };
    const { code, message, remedy } = await source.query({ text: 'SELECT 1', values: [] }, limits).catch((error) => error);
    await source.close();
    console.log(JSON.stringify({ code, message, remedy }));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=chatelaine-source',
    '--input-type=module',
    '--eval',
    program,
  ]);
  expect(JSON.parse(stdout)).toEqual({
    code: 'DRIVER_MISSING',
    message: expect.stringContaining('need the package `@duckdb/node-api`, which cannot be loaded'),
    remedy: expect.stringContaining('npm install @duckdb/node-api'),
  });
});
