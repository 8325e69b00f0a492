/** Stands before a server on loopback, writes down every byte that comes, and passes it on. */
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Tap {
  /** The path is that of MCP. */
  readonly url: string;
  /** Everything that came, bytes as they were: request lines, header fields and bodies. */
  readonly received: string[];
  close(): void;
}

/** Without a server it answers by itself. */
export async function openTap(server?: string): Promise<Tap> {
  const received: string[] = [];
  const listener = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      received.push(`${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n\n${body.toString()}`);
      if (server === undefined) return void response.end('{"ok":true}');
      const headers = { ...request.headers, host: new URL(server).host };
      const onward = httpRequest(new URL(request.url ?? '/', server), { method: request.method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`,
    received,
    close: () => {
      listener.close();
      listener.closeAllConnections();
    },
  };
}
