import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerDay, answerSky, answerYear } from './sun-answer.ts';
import { BadQuestion, parseAsked, parseDate, parseInstant, parseYear, type Asked } from './sun-request.ts';

/** A running sun service. */
export interface SunService {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** Required as a bearer token. */
  readonly token: string;
  stop(): Promise<void>;
}

type Answer = (value: string, asked: Asked, now: number) => object;

const ROUTES: readonly (readonly [path: RegExp, answer: Answer])[] = [
  [/^\/v1\/sun\/([^/]+)$/, (date, asked, now) => answerDay(parseDate(date, now, asked), asked)],
  [/^\/v1\/year\/([^/]+)$/, (year, asked) => answerYear(parseYear(year), asked)],
  [/^\/v1\/sky\/([^/]+)$/, (time, asked, now) => answerSky(parseInstant(time, now), asked)],
];

/**
 * Starts the service on a free loopback port. It stands for the internal API that a company would put
 * behind its tools: it wants a token, which the configuration holds and no agent sees, and which is
 * made anew at every start, so that other programs on the machine cannot use it either.
 */
export async function startSunService(clock: { now(): number }): Promise<SunService> {
  const token = randomBytes(32).toString('base64url');
  const expected = Buffer.from(`Bearer ${token}`);
  const server = createServer(
    { requestTimeout: 5000, headersTimeout: 5000, maxHeaderSize: 8192 },
    (request, response) => {
      // No request of ours has a body; one that comes is read away unseen.
      request.resume();
      answer(request, response, expected, clock.now());
    },
  );
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, expected: Buffer, now: number): void {
  const given = Buffer.from(request.headers.authorization ?? '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    send(response, 401, { error: 'a valid bearer token is required' }, { 'www-authenticate': 'Bearer' });
    return;
  }
  if (request.method !== 'GET') {
    send(response, 405, { error: 'only GET is answered here' }, { allow: 'GET' });
    return;
  }
  try {
    const url = URL.parse(request.url ?? '', 'http://localhost');
    for (const [path, route] of ROUTES) {
      const value = url && path.exec(url.pathname)?.[1];
      if (url && value) {
        send(response, 200, route(decodeURIComponent(value), parseAsked(url.searchParams), now));
        return;
      }
    }
    send(response, 404, { error: 'there is nothing here; ask /v1/sun/…, /v1/year/… or /v1/sky/…' });
  } catch (problem) {
    // A wrong question or a malformed escape is the asker's; anything else is ours, and still no reason to fall over.
    const asked = problem instanceof BadQuestion || problem instanceof URIError;
    send(response, asked ? 400 : 500, { error: asked ? problem.message : 'the sun service failed' });
  }
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}
