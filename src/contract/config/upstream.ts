/**
 * `kind: upstream`: an identity provider that people sign in at, or that keeps tokens for them. One type for any
 * OpenID provider, one for plain OAuth 2, and some well-known ones of which the facts are known here and in
 * `authserver/upstreams/`.
 */
import { z } from 'zod';
import {
  allowedDomains,
  allowedOrganizations,
  checkClient,
  checkScopes,
  claimPath,
  groupsClaim,
  issuerUrl,
  issuesTo,
  openidScopes,
  privateKeyFields,
  providerUrl,
  requiredAcr,
  siteUrl,
  upstreamFields,
} from './upstream-fields.ts';

const organizationClaim = claimPath
  .optional()
  .describe('The claim that names the organization, or a list of them, for `allowedOrganizations`.');

const openidFields = {
  ...upstreamFields,
  ...privateKeyFields,
  groupsClaim,
  organizationClaim,
  allowedDomains,
  allowedOrganizations,
  requiredAcr,
};

type OpenidCommon = z.output<z.ZodObject<typeof openidFields>>;

function checkOpenid(upstream: OpenidCommon, context: z.RefinementCtx): void {
  checkClient(upstream, context);
  checkScopes(upstream, openidScopes(upstream), context);
  const { allowedOrganizations: allowed, organizationClaim: claim } = upstream;
  if ((allowed === undefined) === (claim === undefined)) return;
  issuesTo(context)(
    [allowed === undefined ? 'organizationClaim' : 'allowedOrganizations'],
    'UNENFORCEABLE',
    allowed === undefined
      ? '`organizationClaim` is looked at for `allowedOrganizations` alone'
      : 'nothing says which claim names the organization: give `organizationClaim`',
  );
}

/** `type: oidc`: any OpenID provider, found by its issuer. */
export const oidcUpstreamSchema = z
  .strictObject({
    ...openidFields,
    type: z.literal('oidc'),
    issuer: issuerUrl.describe('The issuer, letter by letter as its metadata says it; the rest is discovered.'),
    userinfo: z
      .boolean()
      .default(true)
      .describe('Ask the userinfo endpoint too, where the provider has one; its subject must be that of the ID token.'),
  })
  .superRefine(checkOpenid);

/** `type: okta`: an authorization server of Okta. */
export const oktaUpstreamSchema = z
  .strictObject({
    ...openidFields,
    type: z.literal('okta'),
    issuer: issuerUrl.describe('The issuer, such as `https://acme.okta.com/oauth2/default`.'),
  })
  .superRefine(checkOpenid);

/** `type: keycloak`: a realm of Keycloak. */
export const keycloakUpstreamSchema = z
  .strictObject({
    ...openidFields,
    type: z.literal('keycloak'),
    realm: siteUrl.describe('The URL of the realm, such as `https://sso.example/realms/acme`.'),
  })
  .superRefine(checkOpenid);

/** `type: google`. Its `hd` claim says whose account it is; an address that merely ends so says less. */
export const googleUpstreamSchema = z
  .strictObject({
    ...upstreamFields,
    type: z.literal('google'),
    allowedDomains: allowedDomains.describe('Only accounts of these Google Workspace domains (the `hd` claim).'),
  })
  .superRefine((upstream, context) => {
    checkClient(upstream, context);
    checkScopes(upstream, openidScopes({}), context);
  });

const TENANT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** `type: entra`: Microsoft Entra ID. Its e-mail claims are not verified, so no domain is asked of them. */
export const entraUpstreamSchema = z
  .strictObject({
    ...upstreamFields,
    type: z.literal('entra'),
    tenant: z
      .string()
      .regex(TENANT, {
        error:
          "a tenant is named by its id, such as `72f988bf-86f1-41af-91ab-2d7cd011db47`; `common` and `organizations` would let everybody's tenants in",
      })
      .describe('The id of the tenant. Only its accounts sign in.'),
    groupsClaim,
    requiredAcr,
  })
  .superRefine((upstream, context) => {
    checkClient(upstream, context);
    checkScopes(upstream, openidScopes({}), context);
  });

/** `type: gitlab`: gitlab.com, or an installation of one's own. */
export const gitlabUpstreamSchema = z
  .strictObject({
    ...upstreamFields,
    type: z.literal('gitlab'),
    url: siteUrl.default('https://gitlab.com').describe('The installation.'),
    allowedDomains,
    allowedOrganizations: allowedOrganizations.describe('Only members of one of these groups, by their full paths.'),
    groups: z.boolean().default(false).describe('Take over the paths of the groups that GitLab names.'),
  })
  .superRefine((upstream, context) => {
    checkClient(upstream, context);
    checkScopes(upstream, openidScopes(upstream), context);
  });

/** `type: slack`: Sign in with Slack. A user id is unique in its workspace alone, so the subject has both. */
export const slackUpstreamSchema = z
  .strictObject({
    ...upstreamFields,
    type: z.literal('slack'),
    allowedDomains,
    allowedOrganizations: allowedOrganizations.describe('Only members of these workspaces, by id (`T…`).'),
  })
  .superRefine((upstream, context) => {
    checkClient(upstream, context);
    checkScopes(upstream, openidScopes(upstream), context);
  });

/** `type: github`: github.com, or GitHub Enterprise Server. OAuth 2 without OpenID Connect. */
export const githubUpstreamSchema = z
  .strictObject({
    ...upstreamFields,
    type: z.literal('github'),
    url: siteUrl.optional().describe('GitHub Enterprise Server, such as `https://github.example`; else github.com.'),
    allowedDomains,
    allowedOrganizations: allowedOrganizations.describe('Only members of one of these organizations, by login.'),
    organizationsAsGroups: z
      .boolean()
      .default(false)
      .describe('Take over the logins of the organizations as the groups of the person.'),
  })
  .superRefine((upstream, context) => {
    checkClient(upstream, context);
    const organizations = upstream.allowedOrganizations !== undefined || upstream.organizationsAsGroups;
    checkScopes(
      upstream,
      [
        { scope: 'read:org', when: organizations, because: 'GitHub names no organization that hides its members' },
        {
          scope: 'user:email',
          when: upstream.allowedDomains !== undefined && upstream.scopes?.includes('user') !== true,
          because: 'GitHub shows no verified address, and `allowedDomains` would refuse everybody',
        },
      ],
      context,
    );
  });

const userFields = z
  .strictObject({
    subject: claimPath.describe(
      'What the provider knows the person by and never gives to anybody else: an id, no name.',
    ),
    username: claimPath.optional().describe('A name that the person goes by.'),
    name: claimPath.optional().describe('The name that is shown.'),
    email: claimPath.optional().describe('The e-mail address.'),
    emailVerified: claimPath.optional().describe('Says `true` where the address was verified.'),
    groups: claimPath.optional().describe('The names of the groups.'),
  })
  .describe('Where the answer of `userinfoEndpoint` has what; a dot leads into an object.');

/** `type: oauth2`: a provider without OpenID Connect; its API says who somebody is. */
export const oauth2UpstreamSchema = z
  .strictObject({
    ...upstreamFields,
    ...privateKeyFields,
    type: z.literal('oauth2'),
    issuer: issuerUrl
      .optional()
      .describe('Who vouches for people who sign in here; the origin of `tokenEndpoint` otherwise.'),
    authorizationEndpoint: providerUrl.describe('Where browsers are sent.'),
    tokenEndpoint: providerUrl.describe('Where codes are redeemed and tokens refreshed.'),
    userinfoEndpoint: providerUrl.describe('Says as JSON who an access token belongs to.'),
    revocationEndpoint: providerUrl.optional().describe('Where tokens are revoked (RFC 7009); nowhere otherwise.'),
    emailsEndpoint: providerUrl
      .optional()
      .describe('Lists the addresses as GitHub does: `email`, `primary` and `verified` of each.'),
    organizationsEndpoint: providerUrl
      .optional()
      .describe('Lists the organizations as GitHub does, for `allowedOrganizations`.'),
    organizationField: claimPath.default('login').describe('The name of an organization in that list.'),
    fields: userFields,
    allowedDomains,
    allowedOrganizations,
  })
  .superRefine((upstream, context) => {
    checkClient(upstream, context);
    const issue = issuesTo(context);
    const { fields, emailsEndpoint, organizationsEndpoint } = upstream;
    const saysVerified =
      emailsEndpoint !== undefined || (fields.email !== undefined && fields.emailVerified !== undefined);
    if (upstream.allowedDomains !== undefined && !saysVerified)
      issue(
        ['allowedDomains'],
        'UNENFORCEABLE',
        'nothing says whether an address is verified: give `emailsEndpoint`, or `fields.email` with `fields.emailVerified`',
      );
    if (upstream.allowedOrganizations !== undefined && organizationsEndpoint === undefined)
      issue(['allowedOrganizations'], 'UNENFORCEABLE', 'nothing lists the organizations: give `organizationsEndpoint`');
    if (upstream.allowedOrganizations === undefined && organizationsEndpoint !== undefined)
      issue(['organizationsEndpoint'], 'UNENFORCEABLE', 'it is asked for `allowedOrganizations` alone');
  });

/** The types, as documents name them. */
export const UPSTREAM_TYPES = {
  oidc: oidcUpstreamSchema,
  oauth2: oauth2UpstreamSchema,
  github: githubUpstreamSchema,
  google: googleUpstreamSchema,
  entra: entraUpstreamSchema,
  okta: oktaUpstreamSchema,
  keycloak: keycloakUpstreamSchema,
  gitlab: gitlabUpstreamSchema,
  slack: slackUpstreamSchema,
} as const;

export type UpstreamCommon = z.output<(typeof UPSTREAM_TYPES)[keyof typeof UPSTREAM_TYPES]>;
