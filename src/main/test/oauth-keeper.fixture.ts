import type { OAuthClientProvider } from '@modelcontextprotocol/client';

/** What a client keeps, and where it sends the person. */
export class Keeper implements OAuthClientProvider {
  readonly redirectUrl = 'http://127.0.0.1:33418/callback';
  readonly clientMetadata = {
    client_name: 'Test Desk',
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: 'none',
  };
  sentTo: URL | undefined;
  #client: unknown;
  #tokens: unknown;
  #verifier = '';

  clientInformation() {
    return this.#client as never;
  }
  saveClientInformation(client: unknown) {
    this.#client = client;
  }
  tokens() {
    return this.#tokens as never;
  }
  saveTokens(tokens: unknown) {
    this.#tokens = tokens;
  }
  redirectToAuthorization(to: URL) {
    this.sentTo = to;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }
}
