import { z } from 'zod';
import { duration } from './common.ts';
import { claimPath, issuerUrl, issuesTo, providerUrl, upstreamFields } from './upstream-fields.ts';

/** The type of an identity assertion authorization grant (draft-ietf-oauth-identity-assertion-authz-grant §3). */
export const ID_JAG_TYPE = 'oauth-id-jag+jwt';

/** What one is called where tokens are exchanged (RFC 8693 §3). */
export const ID_JAG_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id-jag';

const trustedIssuerSchema = z.strictObject({
  issuer: issuerUrl.describe('The issuer, letter by letter as its assertions say it in `iss`.'),
  jwksUri: providerUrl.optional().describe('Where it publishes its keys; what its metadata say, where left out.'),
  audience: issuerUrl
    .optional()
    .describe('What its assertions say in `aud`, where that is not the issuer of this server.'),
  clients: z
    .array(z.string().min(1).max(2048))
    .min(1)
    .max(200)
    .optional()
    .describe('The `clientId`s that may bring its assertions; all that have the grant `jwt-bearer` where left out.'),
  subjectClaim: claimPath
    .default('sub')
    .describe('The claim that says whom it means: the subject that people are known by who sign in there.'),
  usersFrom: issuerUrl
    .optional()
    .describe('The issuer whose users it means, where people sign in at another one than `issuer`.'),
  maxLifetime: duration
    .default(5 * 60_000)
    .describe('The longest time from `iat` to `exp` of an assertion; an hour at most.'),
  allowedIpRanges: upstreamFields.allowedIpRanges,
  allowPrivateNetworks: upstreamFields.allowPrivateNetworks,
});

/** Issuers whose assertions (RFC 7523 §2.1) are taken for the sign-in of a user that is known here. */
export const trustedIssuersSchema = z
  .array(trustedIssuerSchema)
  .max(20)
  .superRefine((issuers, context) => {
    for (const [at, { issuer, maxLifetime }] of issuers.entries()) {
      if (issuers.findIndex((other) => other.issuer === issuer) !== at)
        issuesTo(context)([String(at), 'issuer'], 'CONTRADICTION', `\`${issuer}\` is in the list already`);
      if (maxLifetime > 60 * 60_000)
        issuesTo(context)(
          [String(at), 'maxLifetime'],
          'UNENFORCEABLE',
          'an assertion that lives longer than an hour could be stolen and used',
        );
    }
  });

export type TrustedIssuer = z.output<typeof trustedIssuerSchema>;
