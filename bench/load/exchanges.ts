/**
 * Requests with their right answers. Each call is made once, outside the measurement, and its answer
 * judged by what it says; its bytes are then what every later answer must be.
 */
import { Agent, request as httpRequest } from 'node:http';
import type { Exchange } from './protocol.ts';

/** A request that is the same for every subject, and a judge of the answers. */
export interface Call {
  readonly path: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Throws when the answer, parsed, is not the right one. */
  readonly judge: (answer: unknown) => void;
}

/** Where a subject listens and what it wants beside the call's own headers. */
export interface Door {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

const AT_ONCE = 16;

/** Makes every call once; throws when an answer is not 200 or is judged wrong. */
export async function learn(door: Door, calls: readonly Call[]): Promise<readonly Exchange[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const waiting = calls.entries();
  const exchanges: Exchange[] = [];
  const worker = async (): Promise<void> => {
    for (const [at, call] of waiting) {
      const { status, body } = await ask(agent, door, call);
      if (status !== 200) throw new Error(`status ${status} came for ${call.body.slice(0, 200)}: ${body.toString()}`);
      call.judge(JSON.parse(body.toString()));
      exchanges[at] = { request: rawRequest(door, call), body };
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    agent.destroy();
  }
  return exchanges;
}

/** The same requests for a server that gives `body` to all of them. */
export const withBody = (door: Door, calls: readonly Call[], body: Uint8Array): readonly Exchange[] =>
  calls.map((call) => ({ request: rawRequest(door, call), body }));

export function rawRequest(door: Door, call: Call): Buffer {
  const headers = Object.entries(headersOf(door, call)).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${call.path} HTTP/1.1\r\n${headers.join('')}\r\n${call.body}`);
}

const headersOf = (door: Door, call: Call): Record<string, string> => ({
  Host: `127.0.0.1:${door.port}`,
  Accept: 'application/json, text/event-stream',
  'Content-Type': 'application/json',
  'Content-Length': String(Buffer.byteLength(call.body)),
  ...door.headers,
  ...call.headers,
});

function ask(agent: Agent, door: Door, call: Call): Promise<{ status: number | undefined; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port: door.port, method: 'POST', path: call.path };
    const request = httpRequest({ ...options, headers: headersOf(door, call) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(call.body);
  });
}
