/**
 * A proxy on the loopback that changes nothing: method, target, every header with its spelling (Host
 * and Origin too), bodies and event streams as they flow, the end of either side. The official suite
 * cannot send a credential, so for it the shim adds one; for clients, which can, it only watches.
 */
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Refusal } from './one-era.ts';

export interface Shim {
  /** `127.0.0.1:PORT`, as its callers write it into `Host`. */
  readonly host: string;
  /** Where requests go from now on; before, they are answered 503. */
  forwardTo(target: Target): void;
  close(): Promise<void>;
}

export interface Target {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Added to every request; without it requests go on with the credential that they have. */
  readonly key?: string;
  /** What it answers itself, in the place of the target. */
  readonly refuses?: (request: IncomingMessage) => Refusal | undefined;
  /** Told of every answer, when its head is there. */
  readonly answered?: (request: IncomingMessage, status: number) => void;
}

/** Listens on a port of the system's choice. */
export async function openShim(): Promise<Shim> {
  let target: Target | undefined;
  const server = createServer((request, response) => {
    if (target === undefined) response.writeHead(503).end();
    else forward(request, response, target);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    forwardTo(next) {
      target = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(request: IncomingMessage, response: ServerResponse, target: Target): void {
  const { origin, key, refuses, answered } = target;
  const refusal = refuses?.(request);
  if (refusal !== undefined) {
    request.resume();
    response.writeHead(refusal.status, refusal.headers).end(refusal.body);
    return;
  }
  const { hostname: host, port } = new URL(origin);
  const credential = key === undefined ? [] : ['Authorization', `Bearer ${key}`];
  const headers = [...request.rawHeaders, ...credential];
  const onward = send({ host, port, method: request.method, path: request.url, headers, setHost: false, agent: false });
  onward.once('response', (answer) => {
    const status = answer.statusCode as number;
    answered?.(request, status);
    response.writeHead(status, answer.statusMessage, answer.rawHeaders);
    // An event stream says nothing for a while, and its reader waits for the headers.
    response.flushHeaders();
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy());
  response.once('close', () => onward.destroy());
  request.on('error', () => onward.destroy());
  request.pipe(onward);
}
