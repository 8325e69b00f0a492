/** What documents of `kind: upstream` have in common, whatever their type. */
import { z } from 'zod';
import { isLoopbackHost, namespaceName, resourceName, scopeToken } from './common.ts';
import { reachFields } from './egress.ts';
import { secretValue } from './secret-value.ts';

/**
 * A URL of a provider. What is fetched over plain http can be exchanged on the way: keys, and with them every
 * identity. Only this machine is exempt. User names in it would end up in logs, and a fragment is never sent.
 */
export const providerUrl = z
  .string()
  .refine(
    (text) => {
      const url = URL.parse(text);
      return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname)));
    },
    {
      error: 'this is not an https URL; plain http is accepted for this machine alone',
      params: { problem: 'UNENFORCEABLE' },
      abort: true,
    },
  )
  .refine((text) => (({ username, password, hash }) => `${username}${password}${hash}` === '')(new URL(text)), {
    error: 'the URL of a provider has no user name, password or fragment',
  })
  .meta({ title: 'https URL' });

/** An issuer is compared letter by letter, and has neither query nor fragment (OpenID Connect Discovery §3). */
export const issuerUrl = providerUrl.refine((text) => !text.includes('?'), {
  error: 'an issuer has no query (OpenID Connect Discovery §3)',
});

/** The address of an installation, to which paths are added. */
export const siteUrl = issuerUrl.refine((text) => !text.endsWith('/'), {
  error: 'paths are added to this URL; write it without a slash at the end',
});

const domain = z
  .string()
  .regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/, {
    error: 'a domain is written in lower case and without `@` or `*`, such as `example.com`; each subdomain by itself',
  })
  .meta({ title: 'domain' });

/** A claim of an ID token, or a member of a JSON answer; a dot leads into an object. */
export const claimPath = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\s]+$/u, { error: 'a claim is named without spaces' })
  .meta({ title: 'claim' });

/** Parameters of the authorization request that are ours to write: what they protect must not be configured away. */
const OUR_PARAMETERS: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
]);

const extraParameters = z
  .record(z.string().min(1).max(64), z.string().max(1024))
  .default({})
  .superRefine((parameters, context) => {
    for (const name of Object.keys(parameters).filter((one) => OUR_PARAMETERS.has(one))) {
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `\`${name}\` of the authorization request is Chatelaine's own to write`,
        params: { problem: 'UNENFORCEABLE' },
      });
    }
  });

export const upstreamFields = {
  kind: z.literal('upstream'),
  namespace: namespaceName,
  name: resourceName.describe('What it is called, in the whole configuration: it answers at `/oauth/callback/{name}`.'),
  displayName: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, { error: 'a name for people has no control or invisible characters' })
    .optional()
    .describe('What people are shown, such as "Continue with Acme"; what the provider is known as, or `name`.'),
  clientId: z.string().min(1).max(512).describe('The client that is registered for us at the provider.'),
  clientSecret: secretValue.optional().describe('The secret of the client.'),
  clientAuthentication: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .optional()
    .describe('How the secret is sent; what the provider announces, else `client_secret_basic`.'),
  scopes: z.array(scopeToken).min(1).max(64).optional().describe('What is asked for, in the place of the usual ones.'),
  extraParameters: extraParameters.describe('More parameters of the authorization request.'),
  primary: z
    .boolean()
    .optional()
    .describe('Whether people sign in here. The only upstream is primary unless it says `false`; one at most.'),
  ...reachFields('The provider'),
};

/** For providers that take a signed assertion (RFC 7523) in the place of a secret. */
export const privateKeyFields = {
  privateKey: secretValue
    .optional()
    .describe('The private key of the client in PEM (PKCS #8), for `private_key_jwt`, in the place of `clientSecret`.'),
  keyId: z.string().min(1).max(256).optional().describe('The `kid` under which the provider knows `privateKey`.'),
};

/** Who may sign in or be linked, by what the provider has verified. Absence is refusal. */
export const allowedDomains = z
  .array(domain)
  .min(1)
  .max(100)
  .optional()
  .describe('Only people whose verified e-mail address is of one of these domains.');
export const allowedOrganizations = z
  .array(z.string().min(1).max(256))
  .min(1)
  .max(100)
  .optional()
  .describe('Only members of one of these organizations.');
export const groupsClaim = claimPath.optional().describe('The claim with the names of the groups; none otherwise.');
export const requiredAcr = z
  .array(z.string().min(1).max(256))
  .min(1)
  .max(20)
  .optional()
  .describe('How the provider must have authenticated, by its `acr` values; asked for, and checked in the ID token.');

/** What the checks below look at: fields of which a type may lack some. */
interface Checked {
  readonly clientSecret?: unknown;
  readonly privateKey?: unknown;
  readonly keyId?: string | undefined;
  readonly clientAuthentication?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly allowedDomains?: readonly string[] | undefined;
}

/** Whether the client can authenticate in exactly one way. A server can keep a secret, so it has one. */
export function checkClient(upstream: Checked, context: z.RefinementCtx): void {
  const issue = issuesTo(context);
  if (upstream.clientSecret === undefined && upstream.privateKey === undefined) {
    issue([], 'FIELD_MISSING', '`clientSecret` is missing');
  }
  if (upstream.clientSecret !== undefined && upstream.privateKey !== undefined) {
    issue(['privateKey'], 'CONTRADICTION', 'the client has a secret already: give `clientSecret` or `privateKey`');
  }
  if (upstream.privateKey !== undefined) return;
  if (upstream.keyId !== undefined) issue(['keyId'], 'UNENFORCEABLE', '`keyId` has no effect without `privateKey`');
}

/** Whether what is checked afterwards is asked for. */
export function checkScopes(
  upstream: Checked,
  needs: readonly { readonly scope: string; readonly when: boolean; readonly because: string }[],
  context: z.RefinementCtx,
): void {
  const { scopes } = upstream;
  if (scopes === undefined) return;
  for (const { scope, because } of needs.filter(({ when }) => when)) {
    if (scopes.includes(scope)) continue;
    issuesTo(context)(['scopes'], 'UNENFORCEABLE', `without the scope \`${scope}\` ${because}`);
  }
}

/** What every type of OpenID Connect needs. */
export const openidScopes = (upstream: Checked) => [
  { scope: 'openid', when: true, because: 'there is no ID token (OpenID Connect Core §3.1.2.1)' },
  {
    scope: 'email',
    when: upstream.allowedDomains !== undefined,
    because: '`allowedDomains` has no address to look at, and would refuse everybody',
  },
];

/** Adds an issue with the code of a problem. */
export const issuesTo =
  (context: z.RefinementCtx) =>
  (path: readonly string[], problem: 'FIELD_MISSING' | 'CONTRADICTION' | 'UNENFORCEABLE', message: string): void =>
    context.addIssue({ code: 'custom', path: [...path], message, params: { problem } });
