/**
 * `upstreams[]` of an MCPAuthServer: `kind: upstream` of a configuration, whose types and fields these are. Its secrets
 * are in Secrets beside the object.
 */
import { z } from 'zod';
import {
  entraUpstreamSchema,
  githubUpstreamSchema,
  gitlabUpstreamSchema,
  googleUpstreamSchema,
  keycloakUpstreamSchema,
  oauth2UpstreamSchema,
  oidcUpstreamSchema,
  oktaUpstreamSchema,
  slackUpstreamSchema,
} from '../config/upstream.ts';
import { bounded, ordered } from './lists.ts';
import { ruled, type Rule } from './rule.ts';
import { secretKeyRef } from './references.ts';
import { httpsUrl, line, scope, upstreamName } from './scalars.ts';

const like = <Schema extends z.ZodType>(field: z.ZodType, schema: Schema): Schema =>
  schema.describe(field.description ?? '');

const oidc = oidcUpstreamSchema.shape;
const oauth2 = oauth2UpstreamSchema.shape;
const github = githubUpstreamSchema.shape;
const gitlab = gitlabUpstreamSchema.shape;
const slack = slackUpstreamSchema.shape;

const domain = z
  .string()
  .min(1)
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/, {
    error: 'a domain is written in lower case and without `@` or `*`, such as `example.com`; each subdomain by itself',
  });
const domains = ordered(domain, 100).min(1).optional();
const organizations = ordered(line(256), 100).min(1).optional();

/** What Chatelaine writes into the authorization request itself. */
const OURS = [
  ...['client_id', 'client_secret', 'code', 'code_challenge', 'code_challenge_method', 'nonce', 'redirect_uri'],
  ...['request', 'request_uri', 'response_mode', 'response_type', 'scope', 'state'],
];

const extraParameters = ruled(bounded(z.record(line(64), z.string().max(1024)), 32), {
  rule: `self.all(name, !(name in [${OURS.map((name) => `'${name}'`).join(', ')}]))`,
  holds: (parameters) => Object.keys(parameters).every((name) => !OURS.includes(name)),
  message: "what protects the authorization request is Chatelaine's own to write",
});

const common = {
  name: upstreamName.describe(
    'What it is called: it answers at `/oauth/callback/{name}`, and other objects name it so.',
  ),
  displayName: oidc.displayName,
  clientId: oidc.clientId,
  clientSecretRef: secretKeyRef.optional().describe(oidc.clientSecret.description ?? ''),
  clientAuthentication: oidc.clientAuthentication,
  scopes: like(oidc.scopes, ordered(scope, 64).min(1).optional()),
  extraParameters: like(oidc.extraParameters, extraParameters.optional()),
  primary: oidc.primary,
  allowPrivateNetworks: oidc.allowPrivateNetworks,
};

const byKey = {
  privateKeyRef: secretKeyRef
    .optional()
    .describe((oidc.privateKey.description ?? '').replace('clientSecret', 'clientSecretRef')),
  keyId: oidc.keyId.describe('The `kid` under which the provider knows the private key.'),
};

const openid = {
  ...common,
  ...byKey,
  groupsClaim: oidc.groupsClaim,
  organizationClaim: oidc.organizationClaim,
  allowedDomains: like(oidc.allowedDomains, domains),
  allowedOrganizations: like(oidc.allowedOrganizations, organizations),
  requiredAcr: like(oidc.requiredAcr, ordered(line(256), 20).min(1).optional()),
};

interface OfOpenid {
  readonly organizationClaim?: string | undefined;
  readonly allowedOrganizations?: readonly string[] | undefined;
}

const organizationRule: Rule<OfOpenid> = {
  rule: 'has(self.organizationClaim) == has(self.allowedOrganizations)',
  holds: ({ organizationClaim, allowedOrganizations }) =>
    (organizationClaim === undefined) === (allowedOrganizations === undefined),
  message: '`organizationClaim` says which claim names the organizations of `allowedOrganizations`: give both or none',
};

interface OfKey {
  readonly clientSecretRef?: unknown;
  readonly privateKeyRef?: unknown;
  readonly keyId?: string | undefined;
}

const oneProof: readonly Rule<OfKey>[] = [
  {
    rule: 'has(self.clientSecretRef) != has(self.privateKeyRef)',
    holds: ({ clientSecretRef, privateKeyRef }) => (clientSecretRef === undefined) !== (privateKeyRef === undefined),
    message: 'a client proves itself in one way: give `clientSecretRef` or `privateKeyRef`',
  },
  {
    rule: '!has(self.keyId) || has(self.privateKeyRef)',
    holds: ({ keyId, privateKeyRef }) => keyId === undefined || privateKeyRef !== undefined,
    message: '`keyId` has no effect without `privateKeyRef`',
    field: 'keyId',
  },
];

const secretNeeded: Rule<OfKey> = {
  rule: 'has(self.clientSecretRef)',
  holds: ({ clientSecretRef }) => clientSecretRef !== undefined,
  message: '`clientSecretRef` is missing',
};

interface OfScopes {
  readonly scopes?: readonly string[] | undefined;
  readonly allowedDomains?: readonly string[] | undefined;
}

const openidScope: Rule<OfScopes> = {
  rule: "!has(self.scopes) || 'openid' in self.scopes",
  holds: ({ scopes }) => scopes === undefined || scopes.includes('openid'),
  message: 'without the scope `openid` there is no ID token (OpenID Connect Core §3.1.2.1)',
  field: 'scopes',
};

const emailScope: Rule<OfScopes> = {
  rule: "!has(self.scopes) || !has(self.allowedDomains) || 'email' in self.scopes",
  holds: ({ scopes, allowedDomains }) =>
    scopes === undefined || allowedDomains === undefined || scopes.includes('email'),
  message: 'without the scope `email` `allowedDomains` has no address to look at, and would refuse everybody',
  field: 'scopes',
};

const ofOpenid = [...oneProof, organizationRule, openidScope, emailScope] as const;

/** Whether what `fields` and the endpoints say is enough for what is checked. */
const ofOauth2: readonly Rule<{
  readonly allowedDomains?: unknown;
  readonly allowedOrganizations?: unknown;
  readonly emailsEndpoint?: unknown;
  readonly organizationsEndpoint?: unknown;
  readonly fields: { readonly email?: unknown; readonly emailVerified?: unknown };
}>[] = [
  {
    rule: '!has(self.allowedDomains) || has(self.emailsEndpoint) || (has(self.fields.email) && has(self.fields.emailVerified))',
    holds: ({ allowedDomains, emailsEndpoint, fields }) =>
      allowedDomains === undefined ||
      emailsEndpoint !== undefined ||
      (fields.email !== undefined && fields.emailVerified !== undefined),
    message:
      'nothing says whether an address is verified: give `emailsEndpoint`, or `fields.email` with `fields.emailVerified`',
    field: 'allowedDomains',
  },
  {
    rule: 'has(self.allowedOrganizations) == has(self.organizationsEndpoint)',
    holds: ({ allowedOrganizations, organizationsEndpoint }) =>
      (allowedOrganizations === undefined) === (organizationsEndpoint === undefined),
    message: '`organizationsEndpoint` lists what `allowedOrganizations` is compared with: give both or none',
  },
];

const ofType = <const Type extends string>(type: Type) =>
  z.literal(type).describe('What it is: any OpenID provider (`oidc`), plain OAuth 2 (`oauth2`), or one that is known.');

/** An entry of `upstreams`. */
export const authServerUpstream = z.discriminatedUnion('type', [
  ruled(
    z.strictObject({
      type: ofType('oidc'),
      ...openid,
      issuer: like(oidc.issuer, httpsUrl),
      userinfo: oidc.userinfo,
    }),
    ...ofOpenid,
  ),
  ruled(
    z.strictObject({
      type: ofType('okta'),
      ...openid,
      issuer: like(oktaUpstreamSchema.shape.issuer, httpsUrl),
    }),
    ...ofOpenid,
  ),
  ruled(
    z.strictObject({
      type: ofType('keycloak'),
      ...openid,
      realm: like(keycloakUpstreamSchema.shape.realm, site()),
    }),
    ...ofOpenid,
  ),
  ruled(
    z.strictObject({
      type: ofType('google'),
      ...common,
      allowedDomains: like(googleUpstreamSchema.shape.allowedDomains, domains),
    }),
    secretNeeded,
    openidScope,
  ),
  ruled(
    z.strictObject({
      type: ofType('entra'),
      ...common,
      tenant: entraUpstreamSchema.shape.tenant.max(36),
      groupsClaim: oidc.groupsClaim,
      requiredAcr: openid.requiredAcr,
    }),
    secretNeeded,
    openidScope,
  ),
  ruled(
    z.strictObject({
      type: ofType('gitlab'),
      ...common,
      url: like(gitlab.url, site().default('https://gitlab.com')),
      allowedDomains: openid.allowedDomains,
      allowedOrganizations: like(gitlab.allowedOrganizations, organizations),
      groups: gitlab.groups,
    }),
    secretNeeded,
    openidScope,
    emailScope,
  ),
  ruled(
    z.strictObject({
      type: ofType('slack'),
      ...common,
      allowedDomains: openid.allowedDomains,
      allowedOrganizations: like(slack.allowedOrganizations, organizations),
    }),
    secretNeeded,
    openidScope,
    emailScope,
  ),
  ruled(
    z.strictObject({
      type: ofType('github'),
      ...common,
      url: like(github.url, site().optional()),
      allowedDomains: openid.allowedDomains,
      allowedOrganizations: like(github.allowedOrganizations, organizations),
      organizationsAsGroups: github.organizationsAsGroups,
    }),
    secretNeeded,
    {
      rule: "!has(self.scopes) || 'read:org' in self.scopes || !(has(self.allowedOrganizations) || (has(self.organizationsAsGroups) && self.organizationsAsGroups))",
      holds: ({ scopes, allowedOrganizations, organizationsAsGroups }) =>
        scopes === undefined ||
        scopes.includes('read:org') ||
        (allowedOrganizations === undefined && !organizationsAsGroups),
      message: 'without the scope `read:org` GitHub names no organization that hides its members',
      field: 'scopes',
    },
    {
      rule: "!has(self.scopes) || !has(self.allowedDomains) || 'user' in self.scopes || 'user:email' in self.scopes",
      holds: ({ scopes, allowedDomains }) =>
        scopes === undefined ||
        allowedDomains === undefined ||
        scopes.includes('user') ||
        scopes.includes('user:email'),
      message:
        'without the scope `user:email` GitHub shows no verified address, and `allowedDomains` would refuse everybody',
      field: 'scopes',
    },
  ),
  ruled(
    z.strictObject({
      type: ofType('oauth2'),
      ...common,
      ...byKey,
      issuer: like(oauth2.issuer, httpsUrl.optional()),
      authorizationEndpoint: like(oauth2.authorizationEndpoint, httpsUrl),
      tokenEndpoint: like(oauth2.tokenEndpoint, httpsUrl),
      userinfoEndpoint: like(oauth2.userinfoEndpoint, httpsUrl),
      revocationEndpoint: like(oauth2.revocationEndpoint, httpsUrl.optional()),
      emailsEndpoint: like(oauth2.emailsEndpoint, httpsUrl.optional()),
      organizationsEndpoint: like(oauth2.organizationsEndpoint, httpsUrl.optional()),
      organizationField: oauth2.organizationField,
      fields: oauth2.fields,
      allowedDomains: openid.allowedDomains,
      allowedOrganizations: openid.allowedOrganizations,
    }),
    ...oneProof,
    ...ofOauth2,
  ),
]);

/** Paths are added to it. */
function site() {
  return httpsUrl.regex(/[^/]$/, { error: 'paths are added to this URL; write it without a slash at the end' });
}

export type AuthServerUpstream = z.output<typeof authServerUpstream>;
