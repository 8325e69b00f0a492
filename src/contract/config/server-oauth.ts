/**
 * `auth: { type: oauth }` of an MCP server: tokens of the authorization server that the server itself names. What that
 * is, and what it takes, is discovered; a document says only what cannot be.
 */
import { z } from 'zod';
import { scopeToken } from './common.ts';
import { secretValue } from './secret-value.ts';
import { issuesTo, privateKeyFields, providerUrl } from './upstream-fields.ts';

const clientMetadataUrl = providerUrl
  .refine((text) => text.startsWith('https://') && URL.parse(text)?.href === text && new URL(text).pathname !== '/', {
    error: 'a client is known by an https URL with a path, written as URLs are (Client ID Metadata Document §3)',
  })
  .optional()
  .describe(
    'Where the document that describes us as a client is published, where that is not at this server itself. It must name the redirect address `{publicUrl}/oauth/callback/mcp~{namespace}~{name}`.',
  );

/** The way of `auth:` of a server that has an authorization server of its own. */
export const serverOAuthSchema = z
  .strictObject({
    type: z
      .literal('oauth')
      .describe('Tokens of the authorization server that the MCP server names in its metadata (RFC 9728).'),
    grant: z
      .enum(['authorization_code', 'client_credentials'])
      .default('authorization_code')
      .describe(
        'Whose tokens: those of each person, who consents to it once (`authorization_code`), or our own, the same for every caller (`client_credentials`).',
      ),
    clientId: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe(
        'The client that is registered for us there. Without it we are known by a metadata document of ours, or register ourselves, as the authorization server has it.',
      ),
    clientSecret: secretValue.optional().describe('The secret of that client.'),
    ...privateKeyFields,
    issuer: providerUrl
      .optional()
      .describe(
        'The authorization server that `clientId` is registered at, letter by letter. What the server names otherwise is refused: its secret is for nobody else.',
      ),
    clientMetadataUrl,
    scopes: z
      .array(scopeToken)
      .min(1)
      .max(64)
      .optional()
      .describe('What is asked for, and nothing beyond it, in the place of what the server says that it takes.'),
  })
  .superRefine((auth, context) => {
    const issue = issuesTo(context);
    const keys = (['clientSecret', 'privateKey'] as const).filter((field) => auth[field] !== undefined);
    if (auth.clientId === undefined) {
      for (const field of [...keys, ...(auth.issuer === undefined ? [] : (['issuer'] as const))])
        issue([field], 'UNENFORCEABLE', `\`${field}\` has no effect without \`clientId\``);
    }
    if (keys.length === 2)
      issue(['privateKey'], 'CONTRADICTION', 'the client has a secret already: give `clientSecret` or `privateKey`');
    if (auth.keyId !== undefined && auth.privateKey === undefined)
      issue(['keyId'], 'UNENFORCEABLE', '`keyId` has no effect without `privateKey`');
    if (auth.clientId !== undefined && auth.clientMetadataUrl !== undefined)
      issue(['clientMetadataUrl'], 'CONTRADICTION', 'the client is registered already: give `clientId` or this');
    // Whoever can write the metadata of the server would be sent the secret.
    if (keys.length > 0 && auth.clientId !== undefined && auth.issuer === undefined)
      issue(
        [],
        'FIELD_MISSING',
        '`issuer` is missing: nothing says to whom the credentials of the client may be shown',
      );
    if (auth.grant === 'client_credentials' && keys.length === 0)
      issue([], 'FIELD_MISSING', '`clientSecret` is missing, without which there are no tokens of our own');
  });

export type ServerOAuth = z.output<typeof serverOAuthSchema>;
