/** The official TypeScript SDK, version 1: sessions only. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { endpoint, texts, type Connection, type ForeignClient } from './foreign-client.ts';

export const sdkV1: ForeignClient = {
  name: '@modelcontextprotocol/sdk',
  revision: '2025-11-25',
  async connect(place) {
    const transport = new StreamableHTTPClientTransport(new URL(endpoint(place)), {
      requestInit: { headers: { Authorization: `Bearer ${place.key}` } },
    });
    return connectSdk(transport, () => transport.terminateSession());
  },
};

/** Connects version 1 of the SDK over any transport; `leave` comes before the transport is closed. */
export async function connectSdk(transport: Transport, leave = () => Promise.resolve()): Promise<Connection> {
  const client = new Client({ name: 'chatelaine-conformance', version: '1.0.0' });
  await client.connect(transport);
  return {
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args) => texts(await client.callTool({ name, arguments: { ...args } })),
    async close() {
      await leave();
      await client.close();
    },
  };
}
