/** How the gateway is to authorize itself at the server of a scenario: what an operator would write into its document. */

/** What the suite tells a client beforehand. */
export interface ScenarioContext {
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: Record<string, unknown> }[];
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly issuer?: string;
}

/** The one that the suite expects, and never fetches. */
const METADATA_DOCUMENT = 'https://conformance-test.local/client-metadata.json';

/** `auth` of the document, as YAML. */
export function authOf(scenario: string, { client_id: id, client_secret: secret, issuer }: ScenarioContext): string {
  return `auth: ${JSON.stringify({
    type: 'oauth',
    ...(scenario === 'auth/basic-cimd' && { clientMetadataUrl: METADATA_DOCUMENT }),
    ...(id !== undefined && { clientId: id, clientSecret: secret, issuer }),
  })}\n`;
}
