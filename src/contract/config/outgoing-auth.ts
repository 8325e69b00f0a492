/**
 * `auth:` of whatever makes requests to others: every way to authorize one, told apart by `type`. A document without
 * `type` names a secret of the vault, as before there were others.
 */
import { z } from 'zod';
import { absoluteUrl, isLoopbackHost, resourceName, scopeToken } from './common.ts';
import { secretReference } from './secret-value.ts';

const fieldName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'this is neither a header name nor a plain parameter name' });

const scopes = z.array(scopeToken).default([]);

const clientAuthentication = z.enum(['client_secret_basic', 'client_secret_post']).optional();

type Report = (path: string, message: string) => void;

const reportsTo =
  (context: z.RefinementCtx): Report =>
  (path, message) =>
    context.addIssue({ code: 'custom', path: [path], message, params: { problem: 'CONTRADICTION' } });

/** RFC 6749 §3.2: the secret and the tokens would be readable on the way. */
function checkEndpoint(field: string, text: string | undefined, report: Report): void {
  const url = text === undefined ? null : URL.parse(text);
  if (url === null) return;
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) report(field, 'a token endpoint is https');
  if (url.username !== '' || url.password !== '') report(field, 'a URL with a password in it is shown in errors');
  if (url.hash !== '') report(field, 'a token endpoint has no fragment (RFC 6749 §3.2)');
}

const none = z.strictObject({ type: z.literal('none').describe('Nothing authorizes the requests.') });

const secret = z
  .strictObject({
    type: z
      .literal('secret')
      .optional()
      .describe('A credential of the vault, the same for every caller; what is meant without `type`.'),
    secret: secretReference.describe('The credential; its kind decides how it is sent.'),
    in: z.enum(['header', 'query']).optional().describe('`api-key`: where it is sent; `header` unless said.'),
    name: fieldName
      .optional()
      .describe('`api-key`: the name of the header (`X-API-Key` unless said) or of the query parameter.'),
    tokenUrl: absoluteUrl('https', 'http')
      .optional()
      .describe('`oauth-client`: the token endpoint of the authorization server (RFC 6749 §3.2).'),
    scopes: scopes.describe('`oauth-client`: the scopes that are asked for.'),
    clientAuthentication: clientAuthentication.describe(
      '`oauth-client`: how the client proves itself at `tokenUrl`; `client_secret_basic` unless said.',
    ),
  })
  .superRefine((auth, context) => {
    const report = reportsTo(context);
    if (auth.in === 'query' && auth.name === undefined) report('in', '`in: query` needs the `name` of the parameter');
    const forClients = auth.tokenUrl !== undefined || auth.scopes.length > 0 || auth.clientAuthentication !== undefined;
    if (forClients && (auth.in !== undefined || auth.name !== undefined)) {
      report(
        auth.in === undefined ? 'name' : 'in',
        '`in` and `name` are for an API key, the fields of tokens for an OAuth client',
      );
    }
    if (forClients && auth.tokenUrl === undefined) {
      report(auth.scopes.length > 0 ? 'scopes' : 'clientAuthentication', 'an OAuth client needs its `tokenUrl`');
    }
    checkEndpoint('tokenUrl', auth.tokenUrl, report);
  });

const clientCredentials = z
  .strictObject({
    type: z
      .literal('clientCredentials')
      .describe('A token of our own as an OAuth client, the same for every caller (RFC 6749 §4.4).'),
    secret: secretReference.describe('The client: a secret of the kind `oauth-client`.'),
    tokenUrl: absoluteUrl('https', 'http').describe('The token endpoint of the authorization server (RFC 6749 §3.2).'),
    scopes: scopes.describe('The scopes that are asked for.'),
    audience: z.string().min(1).max(2048).optional().describe('Whom the token is for, where the endpoint asks for it.'),
    resource: absoluteUrl('https', 'http')
      .optional()
      .describe('The resource that the token is for (RFC 8707 §2), where the endpoint takes it.'),
    clientAuthentication: clientAuthentication.describe(
      'How the client proves itself at `tokenUrl`; `client_secret_basic` unless said.',
    ),
  })
  .superRefine((auth, context) => checkEndpoint('tokenUrl', auth.tokenUrl, reportsTo(context)));

const upstream = z.strictObject({
  type: z
    .literal('upstream')
    .describe('The access token that the caller has at an identity provider: each acts as who they are there.'),
  upstream: resourceName.describe('The `kind: upstream` whose token it is.'),
  name: fieldName.optional().describe('The header that holds the bare token; `Authorization: Bearer …` unless said.'),
});

/** `auth:`, whichever way. */
export const outgoingAuthSchema = z
  .discriminatedUnion('type', [none, secret, clientCredentials, upstream])
  .describe('What authorizes every request.');

export type OutgoingAuthConfig = z.output<typeof outgoingAuthSchema>;
export type OutgoingAuthOf<Type extends NonNullable<OutgoingAuthConfig['type']>> = Extract<
  OutgoingAuthConfig,
  { readonly type?: Type | undefined }
>;
