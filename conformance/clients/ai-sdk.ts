/** The MCP client of the AI SDK, a code base of its own. */
import { createMCPClient } from '@ai-sdk/mcp';
import { endpoint, texts, type ForeignClient } from './foreign-client.ts';

export const aiSdk: ForeignClient = {
  name: '@ai-sdk/mcp',
  revision: '2026-07-28',
  async connect(place) {
    const client = await createMCPClient({
      transport: { type: 'http', url: endpoint(place), headers: { Authorization: `Bearer ${place.key}` } },
    });
    return {
      list: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args) => texts(await client.callTool({ name, arguments: { ...args } })),
      close: () => client.close(),
    };
  },
};
