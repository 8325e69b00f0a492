/** What the fields of an upstream must be to each other: the rules of `kind: upstream`, in CEL too. */
import type { Rule } from './rule.ts';

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

export const oneProof: readonly Rule<OfKey>[] = [
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

export const secretNeeded: Rule<OfKey> = {
  rule: 'has(self.clientSecretRef)',
  holds: ({ clientSecretRef }) => clientSecretRef !== undefined,
  message: '`clientSecretRef` is missing',
};

interface OfScopes {
  readonly scopes?: readonly string[] | undefined;
  readonly allowedDomains?: readonly string[] | undefined;
}

export const openidScope: Rule<OfScopes> = {
  rule: "!has(self.scopes) || 'openid' in self.scopes",
  holds: ({ scopes }) => scopes === undefined || scopes.includes('openid'),
  message: 'without the scope `openid` there is no ID token (OpenID Connect Core §3.1.2.1)',
  field: 'scopes',
};

export const emailScope: Rule<OfScopes> = {
  rule: "!has(self.scopes) || !has(self.allowedDomains) || 'email' in self.scopes",
  holds: ({ scopes, allowedDomains }) =>
    scopes === undefined || allowedDomains === undefined || scopes.includes('email'),
  message: 'without the scope `email` `allowedDomains` has no address to look at, and would refuse everybody',
  field: 'scopes',
};

export const ofOpenid = [...oneProof, organizationRule, openidScope, emailScope] as const;

/** Whether what `fields` and the endpoints say is enough for what is checked. */
export const ofOauth2: readonly Rule<{
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

/** GitHub shows some things to who asks for them alone. */
export const ofGithub: readonly Rule<{
  readonly scopes?: readonly string[] | undefined;
  readonly allowedDomains?: unknown;
  readonly allowedOrganizations?: unknown;
  readonly organizationsAsGroups: boolean;
}>[] = [
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
      scopes === undefined || allowedDomains === undefined || scopes.includes('user') || scopes.includes('user:email'),
    message:
      'without the scope `user:email` GitHub shows no verified address, and `allowedDomains` would refuse everybody',
    field: 'scopes',
  },
];
