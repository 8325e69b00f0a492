/**
 * `npm run -s conformance:serve`: the conformance fixture for whoever wants to point something at it.
 * Prints one line, `{"url":…,"key":…}`, and runs until SIGTERM or SIGINT; exits 1 when the server ends
 * before.
 */
import { join } from 'node:path';
import { startServer } from './server-process.ts';

// Heard from the first moment on: an early signal must not leave the server behind.
const stopped = new Promise<'stopped'>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve('stopped'));
});
const server = await startServer(join(import.meta.dirname, 'fixture'));
process.stdout.write(`${JSON.stringify({ url: `${server.url}/mcp`, key: server.key })}\n`);
if ((await Promise.race([stopped, server.ended])) !== 'stopped') {
  process.stderr.write('the server ended on its own\n');
  process.exitCode = 1;
}
await server.stop();
