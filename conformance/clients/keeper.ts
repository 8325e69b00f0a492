import type { OAuthClientProvider } from '@modelcontextprotocol/client';

type Kept<Name extends keyof OAuthClientProvider> = Awaited<
  ReturnType<Extract<OAuthClientProvider[Name], (...args: never) => unknown>>
>;

/** What a client keeps, and where it sends the person. */
export class Keeper implements OAuthClientProvider {
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
