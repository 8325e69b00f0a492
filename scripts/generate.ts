// Writes every generated file: `npm run generate`. `npm run check` verifies that none is out of date.
import { join } from 'node:path';
import { listGenerators, runGenerator } from './check/generated-files.ts';

const root = join(import.meta.dirname, '..');
for (const generator of listGenerators(root)) {
  const result = await runGenerator(root, generator);
  process.stdout.write(result.output);
  if (result.status !== 0) process.exitCode = 1;
}
