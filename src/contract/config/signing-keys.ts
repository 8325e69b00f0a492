import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { secretText } from './common.ts';
import { secretReference } from './secret-value.ts';

/**
 * What tokens are signed with (RFC 7518 §3.1, RFC 8037 §3.1). No HMAC: a key that verifies must not be one
 * that signs. No `none`. Ed448 and RSASSA-PSS are left out, since clients of MCP rarely know them.
 */
export const SIGNING_ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

const PLACES = ['file', 'secret', 'pem'] as const;

const signingKeySchema = z
  .strictObject({
    file: z
      .string()
      .refine(isAbsolute, { error: 'this is not an absolute path' })
      .optional()
      .describe('The absolute path of a private key in PEM.'),
    secret: secretReference
      .optional()
      .describe('A secret of the vault that holds it: a `password` or `bearer`, or the private key of an `mtls`.'),
    pem: secretText.optional().describe('The key itself, from `${VARIABLE}` or `file:///run/secrets/name`.'),
    algorithm: z
      .enum(SIGNING_ALGORITHMS)
      .optional()
      .describe('What it signs with; by default what the key is made for, RS256 for RSA.'),
  })
  .superRefine((key, context) => {
    const given = PLACES.filter((place) => key[place] !== undefined);
    if (given.length === 1) return;
    context.addIssue({
      code: 'custom',
      path: given[1] === undefined ? [] : [given[1]],
      message: `a signing key is in one \`file\`, \`secret\` or \`pem\`, and this one is in ${given.length === 0 ? 'none' : `\`${given.join('` and `')}\``}`,
      params: { problem: 'CONTRADICTION' },
    });
  });

/** `signingKeys:` of the authorization server: the first signs, the others are published beside it. */
export const signingKeysSchema = z
  .array(signingKeySchema)
  .min(1)
  .max(10)
  .optional()
  .describe(
    'Private keys that tokens are signed with: the first signs, the others verify. Without them Chatelaine makes its own and rotates them (`chatelaine key rotate-signing`).',
  );
export type SigningKeySettings = NonNullable<z.output<typeof signingKeysSchema>>[number];
