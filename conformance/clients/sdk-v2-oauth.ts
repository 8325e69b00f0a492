/** Version 2 of the official TypeScript SDK with its own OAuth: discovery, registration, PKCE, stepping up. */
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientProvider,
} from '@modelcontextprotocol/client';
import { texts } from './foreign-client.ts';
import type { BarePlace, SigningInClient } from './signing-in.ts';

type Kept<Name extends keyof OAuthClientProvider> = Awaited<
  ReturnType<Extract<OAuthClientProvider[Name], (...args: never) => unknown>>
>;

/** What a client keeps, and where it sends the person. */
class Keeper implements OAuthClientProvider {
  readonly redirectUrl = 'http://127.0.0.1:33418/callback';
  readonly clientMetadata = {
    client_name: 'Moon Desk',
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: 'none',
  };
  sentTo: URL | undefined;
  #client: Kept<'clientInformation'>;
  #tokens: Kept<'tokens'>;
  #discovery: unknown;
  #verifier = '';

  clientInformation = () => this.#client;
  saveClientInformation = (client: unknown): void => void (this.#client = client as Kept<'clientInformation'>);
  tokens = () => this.#tokens;
  saveTokens = (tokens: unknown): void => void (this.#tokens = tokens as Kept<'tokens'>);
  saveCodeVerifier = (verifier: string): void => void (this.#verifier = verifier);
  codeVerifier = (): string => this.#verifier;
  discoveryState = () => this.#discovery as never;
  saveDiscoveryState = (state: unknown): void => void (this.#discovery = state);
  redirectToAuthorization = (to: URL): void => void (this.sentTo = to);
}

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
