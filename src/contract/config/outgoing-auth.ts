/**
 * `auth:` of whatever makes requests to others: every way to authorize one, told apart by `type`. A document without
 * `type` names a secret of the vault, as before there were others.
 */
import { z } from 'zod';
import { absoluteUrl, duration, isLoopbackHost, resourceName, scopeToken } from './common.ts';
import { secretReference } from './secret-value.ts';

const fieldName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'this is neither a header name nor a plain parameter name' });

const scopes = z.array(scopeToken).default([]);

const clientAuthentication = z.enum(['client_secret_basic', 'client_secret_post']).optional();

const upstreamName = resourceName.describe('The `kind: upstream` whose token of the caller it takes.');

const tokenHeader = fieldName
  .optional()
  .describe('The header that holds the bare token; `Authorization: Bearer …` unless said.');

type Report = (path: readonly string[], message: string) => void;

const reportsTo =
  (context: z.RefinementCtx): Report =>
  (path, message) =>
    context.addIssue({ code: 'custom', path: [...path], message, params: { problem: 'CONTRADICTION' } });

/** RFC 6749 §3.2: the secret and the tokens would be readable on the way. */
function checkEndpoint(field: readonly string[], text: string | undefined, report: Report): void {
  const url = text === undefined ? null : URL.parse(text);
  if (url === null) return;
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) report(field, 'a token endpoint is https');
  if (url.username !== '' || url.password !== '') report(field, 'a URL with a password in it is shown in errors');
  if (url.hash !== '') report(field, 'a token endpoint has no fragment (RFC 6749 §3.2)');
}

const none = z.strictObject({
  type: z
    .literal('none')
    .describe(
      'The way: `none`, `secret` (meant where `type` is left out), `clientCredentials`, `upstream`, `tokenExchange`, `idJag`, `awsSts`, `clientCertificate` or, of MCP servers, `oauth`; each takes the fields that it knows.',
    ),
});

const secret = z
  .strictObject({
    type: z
      .literal('secret')
      .optional()
      .describe('A credential of the vault, the same for every caller; what is meant without `type`.'),
    secret: secretReference.describe(
      'A secret of the vault. `secret`: its kind decides how it is sent; `clientCertificate`: an `mtls` one; of the others an `oauth-client`, our client at `tokenUrl`.',
    ),
    in: z.enum(['header', 'query']).optional().describe('`api-key`: where it is sent; `header` unless said.'),
    name: fieldName
      .optional()
      .describe(
        'The header: of an `api-key` (`X-API-Key` unless said), or its query parameter; of a token of the caller, which stands in it bare (`Authorization: Bearer …` unless said).',
      ),
    tokenUrl: absoluteUrl('https', 'http')
      .optional()
      .describe('Of an OAuth client: the token endpoint of the authorization server (RFC 6749 §3.2).'),
    scopes: scopes.describe('Of an OAuth client: the scopes that are asked for.'),
    clientAuthentication: clientAuthentication.describe(
      'Of an OAuth client: how it proves itself at `tokenUrl`; `client_secret_basic` unless said.',
    ),
  })
  .superRefine((auth, context) => {
    const report = reportsTo(context);
    if (auth.in === 'query' && auth.name === undefined) report(['in'], '`in: query` needs the `name` of the parameter');
    const forClients = auth.tokenUrl !== undefined || auth.scopes.length > 0 || auth.clientAuthentication !== undefined;
    if (forClients && (auth.in !== undefined || auth.name !== undefined)) {
      report(
        [auth.in === undefined ? 'name' : 'in'],
        '`in` and `name` are for an API key, the fields of tokens for an OAuth client',
      );
    }
    if (forClients && auth.tokenUrl === undefined) {
      report([auth.scopes.length > 0 ? 'scopes' : 'clientAuthentication'], 'an OAuth client needs its `tokenUrl`');
    }
    checkEndpoint(['tokenUrl'], auth.tokenUrl, report);
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
  .superRefine((auth, context) => checkEndpoint(['tokenUrl'], auth.tokenUrl, reportsTo(context)));

const upstream = z.strictObject({
  type: z
    .literal('upstream')
    .describe('The access token that the caller has at an identity provider: each acts as who they are there.'),
  upstream: upstreamName,
  name: tokenHeader,
});

const exchangeFields = {
  secret: secretReference.describe('Our client at `tokenUrl`: a secret of the kind `oauth-client`.'),
  tokenUrl: absoluteUrl('https', 'http').describe('The token endpoint that exchanges it.'),
  clientAuthentication: clientAuthentication.describe(
    'How the client proves itself at `tokenUrl`; `client_secret_basic` unless said.',
  ),
  scopes: scopes.describe('The scopes that are asked for.'),
  resource: absoluteUrl('https', 'http').optional().describe('The resource that the token is for (RFC 8707 §2).'),
};

const tokenExchange = z
  .strictObject({
    type: z.literal('tokenExchange').describe('A token that `tokenUrl` gives for the token of the caller (RFC 8693).'),
    upstream: upstreamName,
    subject: z
      .enum(['access_token', 'id_token'])
      .optional()
      .describe('`tokenExchange`: which token of the caller is exchanged; `access_token` unless said.'),
    ...exchangeFields,
    audience: z.string().min(1).max(2048).optional().describe('The service that the token is for (RFC 8693 §2.1).'),
    name: tokenHeader,
  })
  .superRefine((auth, context) => checkEndpoint(['tokenUrl'], auth.tokenUrl, reportsTo(context)));

const idJag = z
  .strictObject({
    type: z
      .literal('idJag')
      .describe('A token of the destination for what the identity provider says of the caller (ID-JAG, RFC 7523).'),
    upstream: upstreamName,
    ...exchangeFields,
    audience: absoluteUrl('https', 'http').describe(
      'The issuer of the authorization server of the destination: the assertion is for it alone.',
    ),
    target: z
      .strictObject({
        tokenUrl: absoluteUrl('https', 'http').describe('The token endpoint of the destination.'),
        secret: secretReference.describe('Our client there: a secret of the kind `oauth-client`.'),
        clientAuthentication: clientAuthentication.describe('How it proves itself there.'),
      })
      .describe('`idJag`: where the assertion becomes a token.'),
    name: tokenHeader,
  })
  .superRefine((auth, context) => {
    checkEndpoint(['tokenUrl'], auth.tokenUrl, reportsTo(context));
    checkEndpoint(['target', 'tokenUrl'], auth.target.tokenUrl, reportsTo(context));
  });

const clientCertificate = z
  .strictObject({
    type: z.literal('clientCertificate').describe('Who we are is said in the TLS connection.'),
    secret: secretReference.optional().describe('The certificate: a secret of the kind `mtls`.'),
    certificate: z
      .string()
      .min(1)
      .optional()
      .describe(
        '`clientCertificate`: instead of `secret`, a file with the certificate and its chain, such as an SVID.',
      ),
    key: z.string().min(1).optional().describe('`clientCertificate`: the file with its key. Both are followed.'),
  })
  .superRefine(({ secret: inVault, certificate, key }, context) => {
    const report = reportsTo(context);
    if (inVault !== undefined && (certificate ?? key) !== undefined)
      report([certificate === undefined ? 'key' : 'certificate'], 'the certificate is in `secret` already');
    else if (inVault === undefined && certificate === undefined && key === undefined)
      report(['type'], 'a client certificate is in `secret`, or in the files `certificate` and `key`');
    else if ((certificate === undefined) !== (key === undefined))
      report([certificate === undefined ? 'key' : 'certificate'], '`certificate` and `key` belong together');
  });

const awsSts = z
  .strictObject({
    type: z.literal('awsSts').describe('A role of AWS, opened with a token; each request is signed (SigV4).'),
    upstream: upstreamName.optional(),
    subject: z.enum(['access_token', 'id_token']).optional().describe('`awsSts`: `id_token` unless said.'),
    webIdentityFile: z
      .string()
      .min(1)
      .optional()
      .describe('`awsSts`: instead of `upstream`, a file with a token of this workload: all callers act as it.'),
    roleArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, {
        error: 'a role is `arn:aws:iam::ACCOUNT:role/NAME`',
      })
      .describe('`awsSts`: the role that is assumed (`AssumeRoleWithWebIdentity`).'),
    region: z
      .string()
      .regex(/^[a-z]{2,}(?:-[a-z]+)+-\d$/, { error: 'a region is written like `eu-central-1`' })
      .describe('`awsSts`: the region of the API, and of STS.'),
    service: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, { error: 'a service is written as in its endpoint, such as `s3` or `execute-api`' })
      .describe('`awsSts`: the service that the signature is for, such as `s3` or `execute-api`.'),
    stsEndpoint: absoluteUrl('https', 'http')
      .optional()
      .describe('`awsSts`: where the role is assumed; `https://sts.REGION.amazonaws.com/` unless said.'),
    duration: duration.default(3_600_000).describe('`awsSts`: how long a session lives, 15 minutes to 12 hours.'),
  })
  .superRefine((auth, context) => {
    const report = reportsTo(context);
    if (auth.upstream === undefined && auth.webIdentityFile === undefined)
      report(['type'], 'whose token opens the role? Give `upstream`, or `webIdentityFile` for one of this workload');
    if (auth.upstream !== undefined && auth.webIdentityFile !== undefined)
      report(['webIdentityFile'], 'the token is that of the caller at `upstream` already');
    if (auth.subject !== undefined && auth.upstream === undefined)
      report(['subject'], '`subject` is about the token of the caller at an `upstream`');
    if (auth.duration < 900_000 || auth.duration > 43_200_000)
      report(['duration'], 'a session of a role lives 15 minutes to 12 hours');
    checkEndpoint(['stsEndpoint'], auth.stsEndpoint, report);
  });

/** `auth:`, whichever way. */
export const outgoingAuthSchema = z
  .discriminatedUnion('type', [
    none,
    secret,
    clientCredentials,
    upstream,
    tokenExchange,
    idJag,
    awsSts,
    clientCertificate,
  ])
  .describe('What authorizes every request.');

export type OutgoingAuthConfig = z.output<typeof outgoingAuthSchema>;
export type OutgoingAuthOf<Type extends NonNullable<OutgoingAuthConfig['type']>> = Extract<
  OutgoingAuthConfig,
  { readonly type?: Type | undefined }
>;
