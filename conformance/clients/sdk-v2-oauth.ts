/** Version 2 of the official TypeScript SDK with its own OAuth: discovery, registration, PKCE, stepping up. */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { texts } from './foreign-client.ts';
import { Keeper } from './keeper.ts';
import type { BarePlace, SigningInClient } from './signing-in.ts';

export const sdkV2SigningIn: SigningInClient = {
  name: '@modelcontextprotocol/client',
  revision: '2026-07-28',
  async connect({ url, person }: BarePlace) {
    const keeper = new Keeper();
    const transportOf = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: keeper });
    /** Does it, and again once the person has allowed what it takes. */
    const letIn = async <Value>(
      transport: StreamableHTTPClientTransport,
      work: () => Promise<Value>,
    ): Promise<Value> => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof UnauthorizedError)) throw error;
        const answer = await person.letIn(keeper.sentTo?.href ?? '');
        await transport.finishAuth(answer.searchParams);
        return await work();
      }
    };
    let transport = transportOf();
    const client = new Client({ name: 'moon-desk', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await letIn(transport, async () => {
      if (keeper.tokens() !== undefined) transport = transportOf();
      await client.connect(transport);
    });
    return {
      list: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: (name, args) =>
        letIn(transport, async () => texts(await client.callTool({ name, arguments: { ...args } }))),
      close: () => client.close(),
    };
  },
};
