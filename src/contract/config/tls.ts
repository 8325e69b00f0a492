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
