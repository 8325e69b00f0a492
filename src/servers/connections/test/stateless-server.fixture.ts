/** The reference tools on version 2 of the official SDK: the stateless era. */
import { ProtocolError, Server, type McpRequestContext } from '@modelcontextprotocol/server';
import { ReferenceFault, runReference, TOOLS } from './reference-tools.fixture.ts';

export const statelessServer =
  (changed: () => void) =>
  (_context: McpRequestContext): Server => {
    const server = new Server(
      { name: 'reference', version: '1.0.0' },
      { capabilities: { tools: { listChanged: true }, logging: {} }, instructions: 'Call anything.' },
    );
    server.setRequestHandler('tools/list', () => ({
      tools: TOOLS,
      'x-page': 1,
      ttlMs: 0,
      cacheScope: 'private' as const,
    }));
    server.setRequestHandler('tools/call', async (request, context) => {
      const { mcpReq } = context;
      try {
        const result = await runReference({
          name: request.params.name,
          args: request.params.arguments ?? {},
          signal: mcpReq.signal,
          meta: { ...mcpReq._meta, ...mcpReq.envelope },
          notify: (method, params) => mcpReq.notify({ method, params }),
          ask: () => Promise.reject(new Error('a stateless server asks nobody')),
          changed: () => Promise.resolve(changed()),
          inputResponses: mcpReq.inputResponses,
        });
        return result as never;
      } catch (error) {
        if (!(error instanceof ReferenceFault)) throw error;
        throw new ProtocolError(error.code, error.message, error.data);
      }
    });
    return server;
  };
