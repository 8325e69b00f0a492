/**
 * `MCPExternalAuthConfig`: how requests to MCP servers are authorized, for several MCPServers at once. The types are
 * those of `auth:` of a document, and `authServer`: the token that the caller has at an upstream, by the exchange.
 */
import { z } from 'zod';
import { customResource } from './custom-resource.ts';
import { listSet, ordered } from './lists.ts';
import { RENEWED_IN_TIME } from './mcp-auth-server.ts';
import { authServerRef, caBundleRef, secretKeyRef, tlsSecretRef } from './references.ts';
import { ruled, type Rule } from './rule.ts';
import { between, httpsUrl, line, scope, upstreamName } from './scalars.ts';
import { serverSpiffeId } from '../config/workload-api.ts';
import { statusFields } from './status.ts';

const type = <const Type extends string>(name: Type) =>
  z
    .literal(name)
    .describe(
      'The way. `authServer`: the token that the caller has at an upstream. `tokenExchange`, `idJag`, `awsSts`: what is had for it. `clientCredentials`: a token of our own. `secret`: a fixed value. `clientCertificate`: who we are is said in the TLS connection. `none`: nothing.',
    );

const headerName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'this is no name of a header' });

/** RFC 6749 §3.2: over plain http the secret and the tokens would be readable on the way. */
const tokenUrl = httpsUrl;

/** Who the proxies are at the authorization server. The operator decides which SPIFFE ID that is. */
const clientCert = ruled(
  z.strictObject({
    secretRef: tlsSecretRef
      .optional()
      .describe(
        'A certificate that somebody else issues and renews, for an authorization server at a `url`. Without it the operator issues one for each MCPServer.',
      ),
    duration: between('1h', '8760h').default('2160h').describe('How long one that the operator issues is valid.'),
    renewBefore: between('5m', '4380h').default('360h').describe('How long before its end it is renewed.'),
  }),
  RENEWED_IN_TIME,
);

/** The internal port that tokens of callers come from. */
const fromAuthServer = {
  authServerRef: authServerRef
    .optional()
    .describe('The MCPAuthServer that keeps the tokens of callers. This or `url`.'),
  url: httpsUrl
    .regex(/^https:\/\/[^/]+\/?$/, { error: 'an internal listener has one path: leave it out' })
    .optional()
    .describe('The internal listener of one that the operator does not run: `https://login.internal:7443`.'),
  issuer: httpsUrl.optional().describe('With `url`: the issuer whose tokens are exchanged, and no others.'),
  caBundleRef: caBundleRef
    .optional()
    .describe("With `url`: the authorities that may vouch for the listener; the system's are not asked."),
  serverSpiffeId: serverSpiffeId
    .max(2048)
    .optional()
    .describe('With `url`: who the listener is, by its SPIFFE ID; without it whoever has the name of the host.'),
  clientCert: clientCert.optional().describe('The client certificates that the proxies show there.'),
  upstream: upstreamName
    .optional()
    .describe('The upstream whose token of the caller it takes; where the server has one only, that one.'),
};

interface FromAuthServer {
  readonly authServerRef?: unknown;
  readonly url?: unknown;
  readonly issuer?: unknown;
  readonly caBundleRef?: unknown;
  readonly serverSpiffeId?: unknown;
  readonly clientCert?: { readonly secretRef?: unknown } | undefined;
}

const ofAuthServer: readonly Rule<FromAuthServer>[] = [
  {
    rule: 'has(self.authServerRef) != has(self.url)',
    holds: (auth) => (auth.authServerRef === undefined) !== (auth.url === undefined),
    message: 'an authorization server is run by the operator or elsewhere: give `authServerRef` or `url`',
  },
  {
    rule: 'has(self.url) == has(self.issuer) && has(self.url) == has(self.caBundleRef)',
    holds: (auth) =>
      (auth.url === undefined) === (auth.issuer === undefined) &&
      (auth.url === undefined) === (auth.caBundleRef === undefined),
    message: 'a `url` goes with the `issuer` of its tokens and the `caBundleRef` that vouches for it, and they with it',
  },
  {
    rule: 'has(self.url) == (has(self.clientCert) && has(self.clientCert.secretRef))',
    holds: (auth) => (auth.url === undefined) === (auth.clientCert?.secretRef === undefined),
    message: 'at a `url` somebody else decides who we are: `clientCert.secretRef` goes with it, and with it alone',
    field: 'clientCert',
  },
  {
    rule: '!has(self.serverSpiffeId) || has(self.url)',
    holds: (auth) => auth.serverSpiffeId === undefined || auth.url !== undefined,
    message: 'the operator knows who an MCPAuthServer is: `serverSpiffeId` goes with `url`',
    field: 'serverSpiffeId',
  },
];

const name = headerName
  .optional()
  .describe('The header that holds the bare token or value; `Authorization: Bearer …` unless said.');

const client = {
  clientId: line(512).describe('Our client at `tokenUrl`.'),
  clientSecretRef: secretKeyRef.describe('The secret of the client.'),
  tokenUrl: tokenUrl.describe('The token endpoint (RFC 6749 §3.2).'),
  clientAuthentication: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .optional()
    .describe('How the client proves itself at `tokenUrl`; `client_secret_basic` unless said.'),
  scopes: ordered(scope, 64).optional().describe('The scopes that are asked for.'),
  resource: httpsUrl.optional().describe('The resource that the token is for (RFC 8707 §2).'),
};

const audience = line(2048);
const whose = z.enum(['access_token', 'id_token']).optional();

const authServer = ruled(z.strictObject({ type: type('authServer'), ...fromAuthServer, name }), ...ofAuthServer);

const none = z.strictObject({ type: type('none') });

const secret = z.strictObject({
  type: type('secret'),
  secretRef: secretKeyRef.describe('The value that is sent, the same for every caller.'),
  name,
});

const clientCredentials = z.strictObject({
  type: type('clientCredentials'),
  ...client,
  audience: audience.optional().describe('Whom the token is for, where the endpoint asks for it.'),
  name,
});

const tokenExchange = ruled(
  z.strictObject({
    type: type('tokenExchange'),
    ...fromAuthServer,
    subject: whose.describe('Which token of the caller is exchanged; `access_token` unless said.'),
    ...client,
    audience: audience.optional().describe('The service that the token is for (RFC 8693 §2.1).'),
    name,
  }),
  ...ofAuthServer,
);

const idJag = ruled(
  z.strictObject({
    type: type('idJag'),
    ...fromAuthServer,
    ...client,
    audience: audience.describe(
      'The issuer of the authorization server of the destination: the assertion is for it alone.',
    ),
    target: z
      .strictObject({
        tokenUrl: tokenUrl.describe('The token endpoint of the destination.'),
        clientId: line(512).describe('Our client there.'),
        clientSecretRef: secretKeyRef.describe('The secret of that client.'),
        clientAuthentication: client.clientAuthentication.describe('How it proves itself there.'),
      })
      .describe('Where the assertion becomes a token.'),
    name,
  }),
  ...ofAuthServer,
);

const awsSts = ruled(
  z.strictObject({
    type: type('awsSts'),
    ...fromAuthServer,
    subject: whose.describe('Which token of the caller opens the role; `id_token` unless said.'),
    roleArn: z
      .string()
      .max(640)
      .regex(/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[A-Za-z0-9_+=,.@/-]{1,512}$/, {
        error: 'a role is `arn:aws:iam::ACCOUNT:role/NAME`',
      })
      .describe('The role that is assumed (`AssumeRoleWithWebIdentity`).'),
    region: z
      .string()
      .max(64)
      .regex(/^[a-z]{2,}(-[a-z]+)+-[0-9]$/, { error: 'a region is written like `eu-central-1`' })
      .describe('The region of the API, and of STS.'),
    service: z
      .string()
      .max(64)
      .regex(/^[a-z0-9-]{1,64}$/, { error: 'a service is written as in its endpoint, such as `s3` or `execute-api`' })
      .describe('The service that the signature is for, such as `s3` or `execute-api`.'),
    stsEndpoint: httpsUrl
      .optional()
      .describe('Where the role is assumed; `https://sts.REGION.amazonaws.com/` unless said.'),
    duration: between('15m', '12h').default('1h').describe('How long a session of the role lives.'),
  }),
  ...ofAuthServer,
);

const clientCertificate = z.strictObject({
  type: type('clientCertificate'),
  certificateRef: tlsSecretRef.describe('The certificate and its key.'),
});

const spec = z.discriminatedUnion('type', [
  authServer,
  none,
  secret,
  clientCredentials,
  tokenExchange,
  idJag,
  awsSts,
  clientCertificate,
]);

const status = z.strictObject({
  ...statusFields('Pending', 'Ready', 'Failed', 'Terminating'),
  hash: line(128).optional().describe('The digest of what is said here, which pods that use it have.'),
  usedBy: listSet(line(320), 1000)
    .optional()
    .describe('What uses it, as `Kind/name`. Until nothing does, it is not deleted.'),
});

export const mcpExternalAuthConfig = customResource({
  kind: 'MCPExternalAuthConfig',
  shortNames: ['mcpauth'],
  description: 'How requests to MCP servers are authorized. Several MCPServers may use one, each as who it is.',
  columns: [{ name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'The way.' }],
  spec,
  status,
});

export type MCPExternalAuthConfigSpec = z.output<typeof spec>;
export type MCPExternalAuthConfigStatus = z.output<typeof status>;
