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
import {
  emailScope,
  ofGithub,
  ofOauth2,
  ofOpenid,
  oneProof,
  openidScope,
  secretNeeded,
} from './auth-server-upstream-rules.ts';
import { bounded, ordered } from './lists.ts';
import { ruled } from './rule.ts';
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
    ...ofGithub,
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
