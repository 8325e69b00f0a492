/** An MCP server of revision 2024-11-05 (HTTP with SSE) by the official SDK: one tool, `echo`. */
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve, type TestServer } from './http-server.ts';

export interface SseUpstream extends Pick<TestServer, 'received'> {
  readonly url: string;
  /** Looks at every request first; true where it has answered. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Streams that are open. */
  streams(): number;
  close(): Promise<void>;
}

function echoServer(): Server {
  const server = new Server({ name: 'old', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{ name: 'echo', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } }],
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
    content: [{ type: 'text', text: JSON.stringify(params.arguments) }],
  }));
  return server;
}

export async function serveSseUpstream(): Promise<SseUpstream> {
  const open = new Map<string, SSEServerTransport>();
  const place: TestServer = await serve((request, response) => {
    const body = place.received.at(-1)?.body ?? '';
    if (upstream.intercept?.(request, response) === true) return;
    void answer(request, response, body);
  });

  async function answer(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    if (request.method === 'GET') {
      const transport = new SSEServerTransport('/elsewhere/messages', response);
      open.set(transport.sessionId, transport);
      response.on('close', () => open.delete(transport.sessionId));
      return await echoServer().connect(transport);
    }
    const id = new URL(request.url ?? '', place.url).searchParams.get('sessionId') ?? '';
    const transport = open.get(id);
    if (transport === undefined) return void response.writeHead(404).end();
    await transport.handlePostMessage(request, response, JSON.parse(body));
  }

  const upstream: SseUpstream = {
    ...{ url: `${place.url}/sse`, received: place.received, intercept: undefined },
    streams: () => open.size,
    close: async () => await place[Symbol.asyncDispose](),
  };
  return upstream;
}
