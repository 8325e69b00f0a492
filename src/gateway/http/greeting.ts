import type { ServerResponse } from 'node:http';

/** What people see who open the server in a browser. */
export function greet(response: ServerResponse, headers: readonly string[]): void {
  const text =
    'Chatelaine keeps tools for agents. MCP: /mcp, REST: /api/toolset. Send a key: Authorization: Bearer chk_…\n';
  response
    .writeHead(200, [
      'Content-Type',
      'text/plain; charset=utf-8',
      'Content-Length',
      String(Buffer.byteLength(text)),
      'X-Content-Type-Options',
      'nosniff',
      ...headers,
    ])
    .end(text);
}
