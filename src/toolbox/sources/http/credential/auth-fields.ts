import { z } from 'zod';
import { absoluteUrl, isLoopbackHost, scopeToken, secretReference } from '#contract';

/** `auth:` of an `http` source. */
export const authFields = z
  .strictObject({
    secret: secretReference.describe('The credential; its kind decides how it is sent.'),
    in: z.enum(['header', 'query']).optional().describe('`api-key`: where it is sent; `header` unless said.'),
    name: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'this is neither a header name nor a plain parameter name' })
      .optional()
      .describe('`api-key`: the name of the header (`X-API-Key` unless said) or of the query parameter.'),
    tokenUrl: absoluteUrl('https', 'http')
      .optional()
      .describe('`oauth-client`: the token endpoint of the authorization server (RFC 6749 §3.2).'),
    scopes: z.array(scopeToken).default([]).describe('`oauth-client`: the scopes that are asked for.'),
    clientAuthentication: z
      .enum(['client_secret_basic', 'client_secret_post'])
      .optional()
      .describe('`oauth-client`: how the client proves itself at `tokenUrl`; `client_secret_basic` unless said.'),
  })
  .superRefine((auth, context) => {
    const report = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { problem: 'CONTRADICTION' } });
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
    const url = auth.tokenUrl === undefined ? null : URL.parse(auth.tokenUrl);
    if (url === null) return;
    // RFC 6749 §3.2: the secret and the tokens would be readable on the way.
    if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) report('tokenUrl', 'a token endpoint is https');
    if (url.username !== '' || url.password !== '')
      report('tokenUrl', 'a URL with a password in it is shown in errors');
    if (url.hash !== '') report('tokenUrl', 'a token endpoint has no fragment (RFC 6749 §3.2)');
  })
  .describe('A whole credential of the vault for every request.');

export type HttpAuth = z.output<typeof authFields>;

const DEFAULT_KEY_HEADER = 'X-API-Key';

/** The lower-case names of the headers that `auth` may fill: nobody else's value may stand there. */
export function credentialHeader(auth: HttpAuth): ReadonlySet<string> {
  if (auth.in === 'query') return new Set(['authorization']);
  return new Set(['authorization', (auth.name ?? DEFAULT_KEY_HEADER).toLowerCase()]);
}
