import { egressRulesOf } from '#egress';
import { issuerOfUpstream, type UpstreamCommon } from '#contract';
import type { AllowedAccounts, OAuth2Protocol, OpenidProtocol, Upstream } from './upstream.ts';

/** What is known of a type of upstream, or read from its document. */
interface Facts {
  readonly scopes: readonly string[];
  readonly parameters?: Readonly<Record<string, string>>;
  readonly protocol: OpenidProtocol | OAuth2Protocol;
  readonly allowed?: AllowedAccounts;
  /** How the secret is sent where neither the document nor the provider says it. */
  readonly authentication?: 'client_secret_post';
}

const OPENID = ['openid', 'profile', 'email'];

/** The upstream that a document declares. */
export function describeUpstream(document: UpstreamCommon): Upstream {
  const facts = factsOf(document);
  return {
    name: document.name,
    namespace: document.namespace,
    issuer: issuerOfUpstream(document),
    client: {
      id: document.clientId,
      secret: document.clientSecret,
      ...('privateKey' in document && { privateKey: document.privateKey, keyId: document.keyId }),
      authentication: document.clientAuthentication ?? facts.authentication,
    },
    scopes: document.scopes ?? facts.scopes,
    parameters: { ...facts.parameters, ...document.extraParameters },
    protocol: facts.protocol,
    allowed: facts.allowed ?? {},
    egress: egressRulesOf(document),
  };
}

function factsOf(document: UpstreamCommon): Facts {
  switch (document.type) {
    case 'oidc':
      return { scopes: OPENID, protocol: openidOf(document, document.userinfo), allowed: allowedOf(document) };
    case 'keycloak':
      return { scopes: OPENID, protocol: openidOf(document, true), allowed: allowedOf(document) };
    case 'okta':
      return {
        scopes: [...OPENID, 'offline_access'],
        protocol: openidOf(document, true),
        allowed: allowedOf(document),
      };
    case 'entra':
      return {
        scopes: [...OPENID, 'offline_access'],
        // Its userinfo takes tokens for Microsoft Graph alone, and says nothing that the ID token does not.
        protocol: openidOf(document, false),
      };
    case 'google':
      return {
        scopes: OPENID,
        // Google gives a refresh token for offline access, and again only where it asks the person again.
        parameters: {
          access_type: 'offline',
          prompt: 'consent',
          ...(document.allowedDomains?.length === 1 && { hd: document.allowedDomains[0] as string }),
        },
        protocol: openidOf({}, true),
        allowed: { domains: document.allowedDomains, domainClaim: 'hd' },
      };
    case 'gitlab':
      return {
        scopes: OPENID,
        protocol: {
          ...openidOf({}, true),
          organizationClaim: 'groups',
          groupsClaim: document.groups ? 'groups' : undefined,
        },
        allowed: allowedOf(document),
      };
    case 'slack':
      return {
        scopes: OPENID,
        protocol: {
          ...openidOf({}, true),
          subjectPrefixClaim: 'https://slack.com/team_id',
          organizationClaim: 'https://slack.com/team_id',
        },
        allowed: allowedOf(document),
        authentication: 'client_secret_post',
      };
    case 'github':
      return githubFacts(document);
    case 'oauth2':
      return {
        scopes: [],
        protocol: { ...document, kind: 'oauth2', organizationsAsGroups: false },
        allowed: allowedOf(document),
      };
  }
}

function githubFacts(document: Extract<UpstreamCommon, { type: 'github' }>): Facts {
  const site = document.url ?? 'https://github.com';
  const api = document.url === undefined ? 'https://api.github.com' : `${document.url}/api/v3`;
  const organizations = document.allowedOrganizations !== undefined || document.organizationsAsGroups;
  return {
    scopes: ['read:user', 'user:email', ...(organizations ? ['read:org'] : [])],
    protocol: {
      kind: 'oauth2',
      authorizationEndpoint: `${site}/login/oauth/authorize`,
      tokenEndpoint: `${site}/login/oauth/access_token`,
      userinfoEndpoint: `${api}/user`,
      emailsEndpoint: `${api}/user/emails`,
      // The most that one page holds; whoever is in more organizations may be refused, never let in.
      organizationsEndpoint: organizations ? `${api}/user/orgs?per_page=100` : undefined,
      organizationField: 'login',
      organizationsAsGroups: document.organizationsAsGroups,
      // The login can be given up and taken by somebody else; the id never is.
      fields: { subject: 'id', username: 'login', name: 'name' },
    },
    allowed: allowedOf(document),
    authentication: 'client_secret_post',
  };
}

const openidOf = (
  claims: Pick<OpenidProtocol, 'groupsClaim' | 'requiredAcr' | 'organizationClaim'>,
  userinfo: boolean,
): OpenidProtocol => ({
  kind: 'openid',
  userinfo,
  groupsClaim: claims.groupsClaim,
  organizationClaim: claims.organizationClaim,
  requiredAcr: claims.requiredAcr,
});

const allowedOf = (document: {
  readonly allowedDomains?: readonly string[] | undefined;
  readonly allowedOrganizations?: readonly string[] | undefined;
}): AllowedAccounts => ({ domains: document.allowedDomains, organizations: document.allowedOrganizations });
