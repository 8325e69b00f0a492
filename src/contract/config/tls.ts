import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { absoluteUrl, secretText } from './common.ts';
import { isPem } from './pem.ts';

/** The file says where it is, since `kind: server` may come from several files: no relative paths. */
export const pemOrPath = z
  .string()
  .refine((text) => isPem(text) || isAbsolute(text), { error: 'this is neither an absolute path nor PEM text' });

const port = z.int().min(0).max(65_535);

/** `tls:` of `kind: server`: the public listener speaks TLS. */
export const tlsSchema = z.strictObject({
  certificate: pemOrPath.describe(
    'The certificate and its issuers, the server’s own first: an absolute path, which is read again when the file changes, or PEM text.',
  ),
  key: secretText.describe('Its private key: an absolute path, likewise, or PEM text from a reference.'),
});

/** How we speak TLS to somebody. That the certificate is checked is no setting. */
export const tlsClientSchema = z
  .strictObject({
    ca: pemOrPath.optional().describe('Certificates to trust: an absolute path or PEM text; else the system’s.'),
    cert: pemOrPath.optional().describe('Our certificate: an absolute path or PEM text.'),
    key: secretText.optional().describe('The private key of `cert`: an absolute path or PEM text.'),
    serverName: z.string().min(1).optional().describe('The name in the certificate, when it is not the host’s.'),
  })
  .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), {
    error: '`cert` and `key` belong together: give both or none',
  });
export type TlsClientSettings = z.output<typeof tlsClientSchema>;

/** SPIFFE-ID §2.1, as `parseSpiffeId` has it. */
const trustDomain = z
  .string()
  .max(255)
  .regex(/^[a-z0-9._-]+$/, {
    error: 'a trust domain is written with `a-z`, digits, `.`, `-` and `_`, such as `prod.example.com`',
  })
  .meta({ title: 'trust domain' });

/** `agentListener:` of `kind: server`: a second listener, whose clients show certificates. */
export const agentListenerSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
    port: port.default(7444).describe('The port to listen on; 0 takes any free one.'),
    certificate: tlsSchema.shape.certificate.optional().describe('As under `tls`, whose certificate it is otherwise.'),
    key: tlsSchema.shape.key.optional().describe('The private key of `certificate`.'),
    publicUrl: absoluteUrl('https')
      .optional()
      .describe(
        'Where its clients reach it, such as `https://agents.example:7444`; else its address and port, or a name in its certificate.',
      ),
    clientCa: pemOrPath.describe(
      'The authorities that may vouch for agents, with their roots: an absolute path, which is read again when the file changes, or PEM text.',
    ),
    trustDomain: trustDomain.describe('The SPIFFE trust domain that the authorities vouch for; others are refused.'),
    crl: pemOrPath
      .optional()
      .describe(
        'Their revocation lists, likewise. With it, an issuer in the chain without a current list vouches for nobody.',
      ),
  })
  .refine((listener) => (listener.certificate === undefined) === (listener.key === undefined), {
    error: '`certificate` and `key` belong together: give both or none',
  });

export type AgentListenerSettings = z.output<typeof agentListenerSchema>;

const narrowing = (what: string) =>
  z
    .array(z.string().regex(/^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/, { error: `a ${what} is written in lower case` }))
    .min(1, { error: `an empty list would let nobody in; leave it out where every ${what} may come` })
    .max(1000)
    .optional();

/** Authorities that vouch for owners of one trust domain, and for no other's. */
const federatedSchema = z.strictObject({
  trustDomain,
  clientCa: agentListenerSchema.shape.clientCa.describe('Its authorities, as under `clientCa`.'),
  crl: agentListenerSchema.shape.crl.describe('Their revocation lists, as under `crl`.'),
});

/** `internalListener:` of `kind: server`: where owners exchange tokens of sessions for those of upstreams. */
export const internalListenerSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
    port: port.default(7443).describe('The port to listen on; 0 takes any free one.'),
    certificate: agentListenerSchema.shape.certificate,
    key: agentListenerSchema.shape.key,
    clientCa: pemOrPath.describe(
      'The authorities that may vouch for owners, with their roots: an absolute path, which is read again when the file changes, or PEM text.',
    ),
    trustDomain: trustDomain.describe('The SPIFFE trust domain that `clientCa` vouches for.'),
    crl: agentListenerSchema.shape.crl,
    federated: z
      .array(federatedSchema)
      .max(50)
      .default([])
      .describe('Trust domains of partners: each with authorities of its own, which vouch for nobody else.'),
    namespaces: narrowing('namespace').describe('Owners of these namespaces alone come in; of every one without it.'),
    names: narrowing('name').describe('Owners of these names alone come in; of every name without it.'),
    requestsPerMinute: z
      .int()
      .positive()
      .default(60_000)
      .describe('How many exchanges a minute one owner has, in each process.'),
  })
  .refine((listener) => (listener.certificate === undefined) === (listener.key === undefined), {
    error: '`certificate` and `key` belong together: give both or none',
  })
  .superRefine(({ trustDomain: own, federated }, context) => {
    const taken = new Set([own]);
    for (const [index, one] of federated.entries()) {
      // Whose word counts for a domain must not be a question of order.
      if (taken.has(one.trustDomain))
        context.addIssue({
          code: 'custom',
          path: ['federated', index, 'trustDomain'],
          message: `\`${one.trustDomain}\` stands there twice; put its authorities into one bundle`,
        });
      taken.add(one.trustDomain);
    }
  });

export type InternalListenerSettings = z.output<typeof internalListenerSchema>;
