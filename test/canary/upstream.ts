/** Servers around the one under test: an API that repeats what it was sent, an issuer of tokens, a collector. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';

export interface Upstream extends AsyncDisposable {
  readonly url: string;
  /** Bodies as they came. */
  readonly received: readonly Buffer[];
  /** Request lines and headers, to see that what was planted did arrive. */
  readonly seen: () => string;
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void,
): Promise<Upstream> {
  const received: Buffer[] = [];
  let seen = '';
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      received.push(body);
      seen += `${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n${body.toString('latin1')}\n`;
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    seen: () => seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Repeats the request in as many ways as its path asks for. */
export const repeatingApi = (): Promise<Upstream> =>
  listen((request, response) => {
    const url = new URL(request.url ?? '', 'http://api');
    const echo = JSON.stringify({ url: request.url, headers: request.headers });
    switch (url.pathname) {
      case '/ok':
        return response.writeHead(200, { 'content-type': 'application/json' }).end(echo);
      case '/html':
        return response.writeHead(500, { 'content-type': 'text/html' }).end(`<pre>${html(echo)}</pre>`);
      case '/base64':
        return response.writeHead(200, { 'content-type': 'text/plain' }).end(Buffer.from(echo).toString('base64'));
      case '/hex':
        return response.writeHead(400, { 'content-type': 'text/plain' }).end(Buffer.from(echo).toString('hex'));
      case '/gzip':
        return response
          .writeHead(403, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(echo));
      case '/away':
        return response.writeHead(302, { location: `gopher://h/${encodeURIComponent(echo)}` }).end();
      case '/hangs-at':
        return response.writeHead(302, { location: `/hangs?${new URLSearchParams({ echo })}` }).end();
      case '/hang-up':
        return response.destroy();
      case '/unauthorized':
        return response
          .writeHead(401, { 'www-authenticate': `Basic realm="${request.headers.authorization}"` })
          .end(echo);
      default:
        // Never answers.
        return undefined;
    }
  });

const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The paths above. */
export const PATHS = ['ok', 'html', 'base64', 'hex', 'gzip', 'away', 'hangs-at', 'hang-up', 'unauthorized', 'hangs'];

/** Issues one token to everybody, and repeats what it was sent where it refuses. */
export const issuer = (token: () => string): Promise<Upstream> =>
  listen((request, response, body) => {
    if (request.url === '/refuse') {
      response
        .writeHead(401)
        .end(
          JSON.stringify({ error: 'invalid_client', error_description: `${body} ${request.headers.authorization}` }),
        );
    } else {
      response.writeHead(200).end(JSON.stringify({ access_token: token(), token_type: 'Bearer', expires_in: 3600 }));
    }
  });

/** Takes whatever is exported to it. */
export const collector = (): Promise<Upstream> => listen((_, response) => response.writeHead(200).end('{}'));
