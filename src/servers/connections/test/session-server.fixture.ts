/** The reference tools on version 1 of the official SDK: the session eras. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { ReferenceFault, runReference, TOOLS } from './reference-tools.fixture.ts';

const anything = z.looseObject({});

export function sessionServer(): Server {
  const server = new Server(
    { name: 'reference', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true }, logging: {} }, instructions: 'Call anything.' },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS, 'x-page': 1 }));
  server.setRequestHandler(CallToolRequestSchema, async (request, extra) => {
    try {
      return await runReference({
        name: request.params.name,
        args: request.params.arguments ?? {},
        signal: extra.signal,
        meta: extra._meta ?? {},
        notify: (method, params) => extra.sendNotification({ method, params }),
        ask: (method, params, stream) =>
          stream === 'own'
            ? extra.sendRequest({ method, params }, anything)
            : server.request({ method, params }, anything),
        changed: () => server.sendToolListChanged(),
      });
    } catch (error) {
      if (!(error instanceof ReferenceFault)) throw error;
      throw new McpError(error.code, error.message, error.data);
    }
  });
  return server;
}
