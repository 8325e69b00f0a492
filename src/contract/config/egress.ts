/** Which addresses a request of ours may reach, where a document says more than "public ones". */
import { z } from 'zod';
import { parseRange } from '#kernel';
import { secretValue } from './secret-value.ts';
import { serverSpiffeId, workloadApiSchema } from './workload-api.ts';

/** An address or a network; gives the text as written. */
export const network = z
  .string()
  .superRefine((text, context) => {
    const range = parseRange(text);
    if (range.ok) return;
    const message = `must be an address or a network such as \`10.0.0.0/8\` or \`2001:db8::/32\`: ${range.error}`;
    context.addIssue({ code: 'custom', message });
  })
  .meta({ title: 'network' });

/** The fields of what asks others; `whom` is who that is, such as `The provider`. */
export const reachFields = (whom: string) => ({
  allowedIpRanges: z
    .array(network)
    .default([])
    .describe(`Addresses and networks that may be reached although they are not public. ${whom} may be there.`),
  customBlockedIpRanges: z
    .array(network)
    .default([])
    .describe('Addresses and networks that may not be reached, whatever else is allowed.'),
  allowPrivateNetworks: z
    .boolean()
    .default(false)
    .describe(`${whom} may have private, loopback, link-local and shared (100.64.0.0/10) addresses.`),
});

/** RFC 7469 §2.4: `sha256/` and the hash in base64, or the hash alone. Gives the hash. */
const publicKeyPin = z
  .string()
  .regex(/^(?:sha256\/)?[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, {
    error: 'a pin is the SHA-256 of a public key in base64, written `sha256/…`',
  })
  .transform((text) => text.slice(-44))
  .meta({ title: 'pin' });

const egressTlsFields = z.strictObject({
  ca: z.string().min(1).optional().describe('Certificates to trust instead of the system’s: a PEM file, or PEM text.'),
  pin: z
    .array(publicKeyPin)
    .min(1, { error: 'an empty list would let no server through; leave it out where none is pinned' })
    .max(20)
    .optional()
    .describe(
      'Pins of the key of its certificate, of which it must have one, beside all else that is checked: `sha256/…`, the SHA-256 of the SubjectPublicKeyInfo in base64 (RFC 7469). Two while a key rolls.',
    ),
  clientCert: secretValue.optional().describe('Our certificate: a PEM file, PEM text, or an `mtls` secret.'),
  clientKey: secretValue.optional().describe('The key of `clientCert`, likewise.'),
  serverName: z
    .string()
    .min(1)
    .optional()
    .describe('The name that the server’s certificate must carry, when it is not the host.'),
  workloadApi: workloadApiSchema
    .optional()
    .describe(
      'A SPIFFE Workload API that gives our certificate, in the place of `clientCert` and `clientKey`: its address, or which of its identities to take.',
    ),
  serverSpiffeId: serverSpiffeId
    .optional()
    .describe(
      'Who the server is, by its SPIFFE ID and in the place of its host’s name: the bundle of that trust domain, which `workloadApi` gives, vouches for it.',
    ),
});

/** `tls:` of whoever asks an issuer, to whom nobody proves who they are. */
export const issuerTlsSchema = egressTlsFields.pick({ ca: true, serverName: true });

/** `tls:` of what asks others: whom to trust, and who we are. */
export const egressTlsSchema = egressTlsFields.superRefine((tls, context) => {
  const fault = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message, params: { problem: 'CONTRADICTION' } });
  const { workloadApi, serverSpiffeId: who } = tls;
  for (const field of ['clientCert', 'clientKey'] as const)
    if (workloadApi !== undefined && tls[field] !== undefined) fault(field, 'who we are `workloadApi` says already');
  if (who === undefined) return;
  if (workloadApi === undefined)
    fault('serverSpiffeId', 'a server is known by its SPIFFE ID by what a `workloadApi` says');
  if (tls.serverName !== undefined) fault('serverName', 'the server is known by `serverSpiffeId`, and by no name');
  if (tls.ca !== undefined) fault('ca', 'the bundle of the trust domain of `serverSpiffeId` vouches for the server');
});

export type EgressTlsConfig = z.output<typeof egressTlsSchema>;
