/**
 * One PostgreSQL for a whole test run, started by the first test that asks. Vitest runs this once, in
 * the process above the workers; workers ask over a socket, since starting a server for a run that
 * needs none would cost every run some seconds.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres, type RunningPostgres } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresDoor: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'chatelaine-door-'));
  const path = join(folder, 'postgres');
  let running: Promise<RunningPostgres> | undefined;
  const door = createServer((socket) => {
    socket.on('error', () => undefined);
    running ??= startPostgres();
    running.then(
      (server) => socket.end(JSON.stringify({ server })),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    );
  });
  await new Promise<void>((resolve) => {
    door.listen(path, resolve);
  });
  project.provide('postgresDoor', path);
  return async () => {
    door.close();
    await running?.then(async (server) => server.stop());
    await rm(folder, { recursive: true, force: true });
  };
}
