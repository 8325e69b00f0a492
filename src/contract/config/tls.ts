import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { absoluteUrl, secretText } from './common.ts';
import { isPem } from './pem.ts';
import { workloadApiSchema } from './workload-api.ts';

/** The file says where it is, since `kind: server` may come from several files: no relative paths. */
export const pemOrPath = z
  .string()
  .refine((text) => isPem(text) || isAbsolute(text), { error: 'this is neither an absolute path nor PEM text' });

const port = z.int().min(0).max(65_535);

const PAIR = '`certificate` and `key` belong together: give both or none';

const workloadApi = workloadApiSchema.optional();

/** The certificate that a listener of ours shows: files, or a SPIFFE Workload API. */
const ownCertificate = {
  certificate: pemOrPath
    .optional()
    .describe(
      'The certificate and its issuers, the server’s own first: an absolute path, which is read again when the file changes, or PEM text.',
    ),
  key: secretText.optional().describe('Its private key: an absolute path, likewise, or PEM text from a reference.'),
};

/** `tls:` of `kind: server`: the public listener speaks TLS. */
export const tlsSchema = z
  .strictObject({
    ...ownCertificate,
    workloadApi: workloadApi.describe(
      'A SPIFFE Workload API that gives certificate and key, in the place of both: its address, or which of its identities to take.',
    ),
  })
  .superRefine((tls, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    if ((tls.certificate === undefined) !== (tls.key === undefined)) refuse(PAIR);
    else if ((tls.certificate === undefined) === (tls.workloadApi === undefined))
      refuse('the certificate comes from one place: give `certificate` and `key`, or `workloadApi`');
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

/** The fields of a listener whose clients show certificates: what it shows itself, and whom it trusts. */
export const mutualTlsFields = {
  certificate: ownCertificate.certificate.describe('As under `tls`, whose certificate it is otherwise.'),
  key: ownCertificate.key.describe('The private key of `certificate`.'),
  clientCa: pemOrPath
    .optional()
    .describe(
      'The authorities that may vouch for clients, with their roots: an absolute path, which is read again when the file changes, or PEM text.',
    ),
  trustDomain: trustDomain.describe('The SPIFFE trust domain that the authorities vouch for; others are refused.'),
  crl: pemOrPath
    .optional()
    .describe(
      'Their revocation lists, likewise. With it, an issuer in the chain without a current list vouches for nobody.',
    ),
  workloadApi: workloadApi.describe(
    'A SPIFFE Workload API that gives what is not named here: `certificate` with `key`, and in the place of `clientCa` the bundle of `trustDomain`.',
  ),
};

export type MutualTlsSettings = z.output<z.ZodObject<typeof mutualTlsFields>>;

/** Why fields of `mutualTlsFields` do not go together, or undefined. */
export function mutualTlsFault(tls: MutualTlsSettings): string | undefined {
  const { certificate, key, clientCa, crl } = tls;
  if ((certificate === undefined) !== (key === undefined)) return PAIR;
  if (tls.workloadApi === undefined)
    return clientCa === undefined ? 'nobody is trusted: give `clientCa`, or `workloadApi`' : undefined;
  if (clientCa === undefined && crl !== undefined)
    return '`crl` goes with `clientCa`; a Workload API gives revocation lists with its bundles';
  return certificate !== undefined && clientCa !== undefined
    ? 'nothing is left for `workloadApi` to give: leave it out, or `certificate` and `key`, or `clientCa`'
    : undefined;
}

/** `agentListener:` of `kind: server`: a second listener, whose clients show certificates. */
export const agentListenerSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
    port: port.default(7444).describe('The port to listen on; 0 takes any free one.'),
    publicUrl: absoluteUrl('https')
      .optional()
      .describe(
        'Where its clients reach it, such as `https://agents.example:7444`; else its address and port, or a name in its certificate.',
      ),
    ...mutualTlsFields,
  })
  .superRefine((listener, context) => {
    const message = mutualTlsFault(listener);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
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
  clientCa: pemOrPath.describe('Its authorities, as under `clientCa`.'),
  crl: mutualTlsFields.crl.describe('Their revocation lists, as under `crl`.'),
});

/** `internalListener:` of `kind: server`: where owners exchange tokens of sessions for those of upstreams. */
export const internalListenerSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
    port: port.default(7443).describe('The port to listen on; 0 takes any free one.'),
    ...mutualTlsFields,
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
  .superRefine((listener, context) => {
    const message = mutualTlsFault(listener);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
    const { trustDomain: own, federated } = listener;
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
