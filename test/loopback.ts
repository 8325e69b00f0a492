import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what systems give to whoever asks for any port, and to every connection that leaves (32768 on Linux). */
const LOWEST = 12_000;
const BEYOND = 32_000;
const given = new Set<number>();

/**
 * A port on loopback that nobody listens on, for a server that has to be told its port before it starts. One that the
 * system chose would be given to the next connection that leaves while the server is still on its way.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, BEYOND);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
