import { z } from 'zod';
import { absoluteUrl, namespaceName, resourceName, scopeToken } from './common.ts';
import { publicJwks } from './public-jwks.ts';
import { parseRedirectUri } from './redirect-uri.ts';
import { secretValue } from './secret-value.ts';

/** What a client may ask tokens with, by the last word of its name. */
export const CLIENT_GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'device_code',
  'token-exchange',
  'jwt-bearer',
] as const;
export type ClientGrant = (typeof CLIENT_GRANTS)[number];

/**
 * How a client proves itself at the token endpoint (RFC 7591 §2, RFC 8705 §2.1). Not by a certificate that nobody
 * vouches for (§2.2): the handshake of the agent listener takes those of its authorities alone.
 */
export const CLIENT_AUTH_METHODS = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
] as const;
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/** What the certificate of a `tls_client_auth` client must say (RFC 8705 §2.1.2). */
const CERTIFICATE_FIELDS = ['subjectDn', 'sanDns', 'sanUri', 'sanIp', 'sanEmail'] as const;

/** How identifiers begin that clients get when they register; nobody else's does. */
export const DYNAMIC_CLIENT_PREFIX = 'dyn_';

/** How the identifier of an agent that is a client begins: `agent:{namespace}/{name}`. */
export const AGENT_CLIENT_PREFIX = 'agent:';

/** `chatelaine login`: a client that every server has, and no document can be. */
export const COMMAND_LINE_CLIENT_ID = 'chatelaine-cli';

const redirectUri = z
  .string()
  .superRefine((text, context) => {
    const parsed = parseRedirectUri(text);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: `\`${text.slice(0, 200)}\`: ${parsed.error}` });
  })
  .meta({ title: 'redirect URI' });

const clientId = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[\x21-\x7e]+$/, { error: 'a client id is made of printable ASCII without spaces (RFC 6749 §A.1)' })
  .refine((id) => ![DYNAMIC_CLIENT_PREFIX, AGENT_CLIENT_PREFIX].some((prefix) => id.startsWith(prefix)), {
    error: `\`${DYNAMIC_CLIENT_PREFIX}…\` are clients that registered themselves, and \`${AGENT_CLIENT_PREFIX}…\` agents`,
  })
  .refine((id) => id !== COMMAND_LINE_CLIENT_ID, {
    error: `\`${COMMAND_LINE_CLIENT_ID}\` is the client of \`chatelaine login\``,
  })
  .refine((id) => !/^https?:/i.test(id), {
    error: '`https://…` are clients that publish a metadata document',
  });

const certificateField = z.string().min(1).max(1024).optional();

/** `kind: client`: an OAuth client of the authorization server that the configuration vouches for. */
export const oauthClientSchema = z
  .strictObject({
    kind: z.literal('client'),
    namespace: namespaceName,
    name: resourceName.describe('What the client is called, also on the page where people consent.'),
    clientId: clientId.describe('Its `client_id`.'),
    displayName: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, { error: 'a name for people has no control or invisible characters' })
      .optional()
      .describe('What people are shown, where it is not `name`.'),
    redirectUris: z
      .array(redirectUri)
      .max(20)
      .default([])
      .describe(
        'Where codes may be sent, compared byte for byte: https, http to this machine (any port of it, RFC 8252 §7.3), or a scheme of the app with a dot.',
      ),
    postLogoutRedirectUris: z
      .array(redirectUri)
      .max(20)
      .default([])
      .describe(
        'Where the browser may go after it was signed out at the wish of the client, compared byte for byte (OpenID Connect RP-Initiated Logout).',
      ),
    grantTypes: z
      .array(z.enum(CLIENT_GRANTS))
      .default(['authorization_code', 'refresh_token'])
      .describe('What it may ask tokens with.'),
    tokenEndpointAuthMethod: z
      .enum(CLIENT_AUTH_METHODS)
      .default('none')
      .describe('How it proves itself; `none` is a public client, which PKCE alone protects.'),
    clientSecret: secretValue
      .optional()
      .describe('Its secret, for `client_secret_basic` and `client_secret_post`; 16 characters at least.'),
    jwks: publicJwks.optional().describe('Its public keys, for `private_key_jwt`.'),
    jwksUri: absoluteUrl('https').optional().describe('Where it publishes them, instead of `jwks`.'),
    certificate: z
      .strictObject({
        subjectDn: certificateField.describe('The subject, as RFC 4514 writes it.'),
        sanDns: certificateField.describe('A DNS name.'),
        sanUri: certificateField.describe('A URI, such as a SPIFFE ID.'),
        sanIp: certificateField.describe('An IP address.'),
        sanEmail: certificateField.describe('An e-mail address.'),
      })
      .optional()
      .describe('The one name that its certificate must hold, for `tls_client_auth` (RFC 8705 §2.1.2).'),
    audiences: z
      .array(absoluteUrl('https', 'http'))
      .max(50)
      .optional()
      .describe(
        'Resources (RFC 8707) that it may ask tokens for; all of them where left out. A sole one is its default.',
      ),
    introspects: z
      .array(absoluteUrl('https', 'http'))
      .max(50)
      .default([])
      .describe('Resources whose server it is: it may ask about every token for them (RFC 7662), and about no other.'),
    scopes: z.array(scopeToken).optional().describe('Scopes that it may ask for; all of them where left out.'),
    signInOnly: z
      .boolean()
      .default(false)
      .describe('It learns who somebody is (OpenID Connect) and gets no token for any resource.'),
    firstParty: z
      .boolean()
      .default(false)
      .describe('People are not asked for their consent: only for clients of whoever runs the resources.'),
    agent: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe(
        'The agent of `namespace` that it is: whom it acts as with `client_credentials`, and who acts with `token-exchange`.',
      ),
    mayDelegateTo: z
      .array(clientId)
      .min(1)
      .max(50)
      .optional()
      .describe(
        'The `clientId`s of declared clients that may act for its users with its tokens (RFC 8693), without asking them.',
      ),
    dpopBoundAccessTokens: z
      .boolean()
      .default(false)
      .describe('Its tokens count with a DPoP proof alone (RFC 9449 §5.2).'),
    tlsClientCertificateBoundAccessTokens: z
      .boolean()
      .default(false)
      .describe('Its tokens count with the certificate alone that it asked for them with (RFC 8705 §3.4).'),
    requirePushedAuthorizationRequests: z
      .boolean()
      .default(false)
      .describe('It sends authorization requests by the back channel first (RFC 9126).'),
  })
  .superRefine((client, context) => {
    const refuse = (path: string, message: string, problem = 'CONTRADICTION'): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { problem } });
    checkGrants(client, refuse);
    checkDelegation(client, refuse);
    checkAuthentication(client, refuse);
    if (client.dpopBoundAccessTokens && client.tlsClientCertificateBoundAccessTokens)
      refuse(
        'tlsClientCertificateBoundAccessTokens',
        'a token is bound to one key: with `dpopBoundAccessTokens` to that',
      );
    // Any app can listen at a loopback port or take a scheme (RFC 8252 §8.6): without consent it had the tokens.
    const native = client.redirectUris.find((uri) => parseRedirectUri(uri).ok && !uri.startsWith('https:'));
    if (client.firstParty && native !== undefined) {
      refuse(
        'firstParty',
        `any program on somebody's machine can be at \`${native}\`, so consent is not skipped for it (RFC 8252 §8.6)`,
        'UNENFORCEABLE',
      );
    }
    checkIntrospection(client, refuse);
    if (client.signInOnly && client.audiences !== undefined)
      refuse('audiences', 'with `signInOnly` there is no token for any resource');
  });

type Client = z.output<typeof oauthClientSchema>;
type Refuse = (path: string, message: string, problem?: string) => void;

/** Whoever asks about tokens has to prove who they are (RFC 7662 §2.1), and need not ask for any. */
function checkIntrospection({ introspects, tokenEndpointAuthMethod, grantTypes }: Client, refuse: Refuse): void {
  if (introspects.length > 0 && tokenEndpointAuthMethod === 'none')
    refuse(
      'introspects',
      'whoever knows the `clientId` could ask about tokens of others: it takes a client that proves itself (RFC 7662 §2.1)',
      'UNENFORCEABLE',
    );
  if (grantTypes.length === 0 && introspects.length === 0)
    refuse('grantTypes', 'a client that asks for no token is of use where it `introspects` a resource alone');
}

function checkGrants(client: Client, refuse: Refuse): void {
  const { grantTypes, redirectUris, postLogoutRedirectUris, tokenEndpointAuthMethod, signInOnly } = client;
  const code = grantTypes.includes('authorization_code');
  if (code && redirectUris.length === 0)
    refuse('redirectUris', 'with `authorization_code` there is a place where codes are sent: give `redirectUris`');
  if (!code && postLogoutRedirectUris.length > 0)
    refuse('postLogoutRedirectUris', 'without `authorization_code` nobody signs in through it, and nobody out');
  if (!code && redirectUris.length > 0)
    refuse('redirectUris', 'without `authorization_code` nothing is ever sent there');
  if (grantTypes.includes('refresh_token') && !code && !grantTypes.includes('device_code'))
    refuse('grantTypes', '`refresh_token` goes on with what `authorization_code` or `device_code` began');
  const own = grantTypes.find((grant) => ['client_credentials', 'token-exchange', 'jwt-bearer'].includes(grant));
  if (tokenEndpointAuthMethod === 'none' && own !== undefined)
    refuse(
      'grantTypes',
      `whoever knows the \`clientId\` could use \`${own}\`: it takes a client that proves itself (RFC 6749 §4.4)`,
      'UNENFORCEABLE',
    );
  if (signInOnly && !code) refuse('signInOnly', 'people sign in with `authorization_code`');
}

function checkDelegation({ grantTypes, agent, mayDelegateTo, signInOnly, clientId }: Client, refuse: Refuse): void {
  if (agent !== undefined && !grantTypes.some((grant) => grant === 'client_credentials' || grant === 'token-exchange'))
    refuse('agent', 'it acts as an agent with `client_credentials` and `token-exchange` alone', 'UNENFORCEABLE');
  if (mayDelegateTo !== undefined && signInOnly)
    refuse('mayDelegateTo', 'with `signInOnly` there is no token that could be passed on');
  if (mayDelegateTo?.includes(clientId) === true) refuse('mayDelegateTo', 'a client acts with its own tokens already');
}

function checkAuthentication(client: Client, refuse: Refuse): void {
  const { tokenEndpointAuthMethod: method, clientSecret, jwks, jwksUri, certificate } = client;
  const bySecret = method === 'client_secret_basic' || method === 'client_secret_post';
  const byKeys = method === 'private_key_jwt';
  if (bySecret !== (clientSecret !== undefined)) {
    refuse(
      'clientSecret',
      bySecret
        ? `\`${method}\` needs the \`clientSecret\``
        : `\`${method}\` never asks for it; say \`tokenEndpointAuthMethod\``,
    );
  }
  if (jwks !== undefined && jwksUri !== undefined) refuse('jwksUri', 'the keys are in `jwks` already');
  if (byKeys !== (jwks !== undefined || jwksUri !== undefined)) {
    refuse(
      jwksUri === undefined ? 'jwks' : 'jwksUri',
      byKeys ? `\`${method}\` needs \`jwks\` or \`jwksUri\`` : `\`${method}\` never looks at them`,
    );
  }
  const names = CERTIFICATE_FIELDS.filter((field) => certificate?.[field] !== undefined);
  if (method === 'tls_client_auth' ? names.length !== 1 : certificate !== undefined) {
    refuse(
      'certificate',
      method === 'tls_client_auth'
        ? 'it says exactly one name that the certificate must hold (RFC 8705 §2.1.2)'
        : `\`${method}\` never looks at it`,
    );
  }
}

export type OAuthClientCommon = Client;
