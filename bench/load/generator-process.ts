/**
 * The load generator, a process of its own: `connections` keep-alive sockets with one request
 * outstanding on each, requests built beforehand, every reply compared with the right one. No HTTP
 * library: what it costs, the servers beside it on the same cores do not get.
 */
import { connect, type Socket } from 'node:net';
import type { Exchange, FromGenerator, ToGenerator } from './protocol.ts';
import { ReplyReader } from './reply-reader.ts';

interface Target {
  readonly port: number;
  readonly exchanges: readonly { readonly request: Buffer; readonly body: Buffer }[];
}

const targets = new Map<string, Target>();
let open: { readonly target: Target; readonly sockets: readonly Socket[] } | undefined;

const say = (message: FromGenerator): void => void process.send?.(message);

process.on('message', (message: ToGenerator) => {
  obey(message).catch((error: unknown) => say({ kind: 'failed', reason: (error as Error).message }));
});
process.on('disconnect', () => process.exit(0));

async function obey(message: ToGenerator): Promise<void> {
  switch (message.kind) {
    case 'target':
      targets.set(message.name, { port: message.port, exchanges: message.exchanges.map(asBuffers) });
      return;
    case 'open': {
      const target = targets.get(message.name);
      if (target === undefined) throw new Error(`there is no target \`${message.name}\``);
      const sockets = await Promise.all(Array.from({ length: message.connections }, () => dial(target.port)));
      open = { target, sockets };
      return say({ kind: 'open' });
    }
    case 'go':
      if (open === undefined) throw new Error('nothing is open');
      return say({ kind: 'run', ...(await run(open.target, open.sockets, message.durationMs)) });
  }
}

const asBuffers = ({ request, body }: Exchange) => ({ request: Buffer.from(request), body: Buffer.from(body) });

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

async function run({ exchanges }: Target, sockets: readonly Socket[], durationMs: number) {
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + durationMs;
  let next = Math.floor(Math.random() * exchanges.length);
  try {
    await Promise.all(
      sockets.map((socket) =>
        drive(socket, until, latencies, () => exchanges[next++ % exchanges.length] as Target['exchanges'][number]),
      ),
    );
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  const elapsedMs = performance.now() - started;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { requests: latencies.length, elapsedMs, p50: at(0.5), p99: at(0.99) };
}

/** One connection: sends, waits for the reply, sends the next, until the time is up. */
function drive(
  socket: Socket,
  until: number,
  latencies: number[],
  take: () => Target['exchanges'][number],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new ReplyReader();
    let sent = 0;
    const send = (): void => {
      const { request, body } = take();
      reader.expect(body);
      sent = performance.now();
      socket.write(request);
    };
    socket.on('data', (chunk) => {
      try {
        if (!reader.feed(chunk)) return;
      } catch (cause) {
        return reject(new Error(`a wrong reply: ${(cause as Error).message}`));
      }
      const now = performance.now();
      latencies.push(now - sent);
      if (now < until) send();
      else resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    send();
  });
}
