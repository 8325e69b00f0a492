/** The official TypeScript SDK, version 2: either era. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { endpoint, texts, type ForeignClient } from './foreign-client.ts';

const era = (mode: 'auto' | 'legacy', revision: string): ForeignClient => ({
  name: '@modelcontextprotocol/client',
  revision,
  async connect(place) {
    const transport = new StreamableHTTPClientTransport(new URL(endpoint(place)), {
      requestInit: { headers: { Authorization: `Bearer ${place.key}` } },
    });
    const client = new Client({ name: 'chatelaine-conformance', version: '1.0.0' }, { versionNegotiation: { mode } });
    await client.connect(transport);
    return {
      list: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args) => texts(await client.callTool({ name, arguments: { ...args } })),
      async close() {
        if (mode === 'legacy') await transport.terminateSession();
        await client.close();
      },
    };
  },
});

export const sdkV2Stateless = era('auto', '2026-07-28');
export const sdkV2Session = era('legacy', '2025-11-25');
