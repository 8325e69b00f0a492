import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { absoluteUrl, isLoopbackHost, secretText } from './common.ts';
import { mountedSecretsSchema } from './mounted-secrets.ts';
import { tlsClientSchema } from './tls.ts';

const absolutePath = z.string().refine((path) => isAbsolute(path), { error: 'this is not an absolute path' });

// A data key crosses this line: whoever reads it reads everything that the key protects.
const keyServiceUrl = absoluteUrl('https', 'http').refine(
  (text) => {
    const url = URL.parse(text);
    return url === null || url.protocol === 'https:' || isLoopbackHost(url.hostname);
  },
  { error: 'data keys would cross the network in the clear; use https', params: { problem: 'UNENFORCEABLE' } },
);

const tls = tlsClientSchema
  .optional()
  .describe(
    'Transit and AWS KMS: TLS towards the service, when its certificate is not of an authority that all trust.',
  );

const keyWrapperKinds = z.discriminatedUnion('type', [
  z.strictObject({
    type: z
      .literal('file')
      .describe(
        '`file`, a key file that is made at the first start; `value`, `transit` or `aws-kms` with the fields below.',
      ),
    file: absolutePath
      .optional()
      .describe('File: its absolute path. By default `vault.key` in the data directory; better kept elsewhere.'),
  }),
  z.strictObject({
    type: z.literal('value'),
    key: secretText.describe(
      'Value: 32 random bytes in base64, from `${ENV}` or `file:///…` (`openssl rand -base64 32`).',
    ),
  }),
  z
    .strictObject({
      type: z.literal('transit'),
      address: keyServiceUrl.describe('Transit: where HashiCorp Vault or OpenBao answers.'),
      mount: z.string().min(1).default('transit').describe('Transit: where the engine is mounted.'),
      key: z.string().min(1).describe('Transit: the name of a key of type `aes256-gcm96`.'),
      namespace: z.string().min(1).optional().describe('Transit: the namespace of Vault Enterprise, HCP or OpenBao.'),
      token: secretText.optional().describe('Transit: the token, read once.'),
      tokenFile: absolutePath
        .optional()
        .describe('Transit: a file with the token that an agent keeps fresh, read at each use.'),
      tls,
    })
    .refine((transit) => (transit.token === undefined) !== (transit.tokenFile === undefined), {
      error: 'give `token` or `tokenFile`, one of them',
    }),
  z.strictObject({
    type: z.literal('aws-kms'),
    region: z.string().min(1).describe('AWS KMS: the region of the key.'),
    keyArn: z
      .string()
      .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, {
        error: 'this is not the ARN of a KMS key; an alias could be pointed at another one',
      })
      .describe('AWS KMS: the ARN of a symmetric key.'),
    endpoint: keyServiceUrl.optional().describe('AWS KMS: another address of the service, such as a VPC endpoint.'),
    accessKeyId: z.string().min(1).describe('AWS KMS: the id of the access key.'),
    secretAccessKey: secretText.describe('AWS KMS: the secret of the access key.'),
    sessionToken: secretText.optional().describe('AWS KMS: the session token of temporary credentials.'),
    tls,
  }),
]);

// Whoever gives a CA believes that the service is checked against it; in the clear nothing is.
const keyWrapper = keyWrapperKinds.superRefine((wrapper, context) => {
  if (!('tls' in wrapper) || wrapper.tls === undefined) return;
  const url = wrapper.type === 'transit' ? wrapper.address : wrapper.endpoint;
  if (url === undefined || URL.parse(url)?.protocol !== 'http:') return;
  const message = `\`${url}\` is spoken to without TLS; leave \`tls\` out, or write \`https:\``;
  context.addIssue({ code: 'custom', path: ['tls'], message, params: { problem: 'UNENFORCEABLE' } });
});

/** `vault:` of `kind: server`: which key wraps the keys that the vault encrypts with. */
export const vaultSchema = z.strictObject({
  keyWrapper: keyWrapper.prefault({ type: 'file' }).describe('The key that wraps data keys.'),
  previousKeyWrappers: z
    .array(keyWrapper)
    .default([])
    .describe('Keys that still open what they wrapped, until `chatelaine secret rewrap` has finished.'),
  mounted: mountedSecretsSchema.describe(
    'Secrets that are files, such as mounted ones of Kubernetes, under names of the vault; read at each use.',
  ),
});

export type VaultSettings = z.output<typeof vaultSchema>;
export type KeyWrapperSettings = z.output<typeof keyWrapper>;
