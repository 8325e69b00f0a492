/**
 * The official suite cannot send a credential. This proxy on the loopback adds one and changes nothing
 * else: method, target, every header with its spelling (Host and Origin too), bodies and event streams
 * as they flow, and the end of either side.
 */
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Shim {
  /** `127.0.0.1:PORT`, as its callers write it into `Host`. */
  readonly host: string;
  /** Where requests go from now on, and with which key; before, they are answered 503. */
  forwardTo(origin: string, key: string): void;
  close(): Promise<void>;
}

/** Listens on a port of the system's choice. */
export async function openShim(): Promise<Shim> {
  let target: { readonly origin: URL; readonly key: string } | undefined;
  const server = createServer((request, response) => {
    if (target === undefined) response.writeHead(503).end();
    else forward(request, response, target.origin, target.key);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    forwardTo(origin, key) {
      target = { origin: new URL(origin), key };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(request: IncomingMessage, response: ServerResponse, origin: URL, key: string): void {
  const onward = send({
    host: origin.hostname,
    port: origin.port,
    method: request.method,
    path: request.url,
    headers: [...request.rawHeaders, 'Authorization', `Bearer ${key}`],
    setHost: false,
    agent: false,
  });
  onward.once('response', (answer) => {
    response.writeHead(answer.statusCode as number, answer.statusMessage, answer.rawHeaders);
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
