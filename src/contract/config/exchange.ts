import { z } from 'zod';
import { absoluteUrl, isLoopbackHost, secretText } from './common.ts';
import { pemOrPath } from './tls.ts';
import { serverSpiffeId, workloadApiSchema } from './workload-api.ts';

/** `namespace/name`, each as in a SPIFFE ID of an owner: lower case, so that there is one spelling. */
const ownerName = z
  .string()
  .max(257)
  .regex(/^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/, {
    error: 'an owner is written `namespace/name`, in lower case, as in its SPIFFE ID',
  });

/**
 * `exchange:` of `kind: server`: an authorization server elsewhere, whose internal listener gives tokens of callers at
 * identity providers for the tokens that it issued to them.
 */
export const exchangeSchema = z
  .strictObject({
    url: absoluteUrl('https').describe('The internal listener: `https://login.internal:7443`.'),
    issuer: absoluteUrl('https', 'http').describe(
      'The issuer whose tokens are exchanged, and no others; an `authService` accepts them.',
    ),
    owner: ownerName.describe('Who this server is there: namespace and name of its `kind: owner`.'),
    certificate: pemOrPath
      .optional()
      .describe('Our certificate and its issuers: an absolute path, which is followed, or PEM text.'),
    key: secretText.optional().describe('Its private key, likewise.'),
    ca: pemOrPath
      .optional()
      .describe("The authorities that may vouch for the listener, likewise; the system's are not asked."),
    workloadApi: workloadApiSchema
      .optional()
      .describe(
        'A SPIFFE Workload API that gives what is not named here: `certificate` with `key`, and in the place of `ca` the bundle of the trust domain of `serverSpiffeId`.',
      ),
    serverSpiffeId: serverSpiffeId
      .optional()
      .describe('Who the listener is, by its SPIFFE ID; without it whoever has the name of the host.'),
  })
  .superRefine(({ url, issuer, ...tls }, context) => {
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message, params: { problem: 'UNENFORCEABLE' } });
    const fault = certificatesFault(tls);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    const { pathname, search, hash, username, password } = new URL(url);
    if (pathname !== '/' || search !== '' || hash !== '')
      refuse(['url'], 'an internal listener has one path: leave it out');
    if (username !== '' || password !== '') refuse(['url'], 'who we are is said by the certificate, not by the URL');
    const at = new URL(issuer);
    if (at.protocol === 'http:' && !isLoopbackHost(at.hostname))
      refuse(['issuer'], 'an issuer is https; plain http is for this machine alone');
  });

/** Why what is shown and trusted does not go together, or undefined. */
function certificatesFault(tls: {
  readonly certificate?: string | undefined;
  readonly key?: unknown;
  readonly ca?: string | undefined;
  readonly workloadApi?: unknown;
  readonly serverSpiffeId?: string | undefined;
}): string | undefined {
  const { certificate, key, ca, workloadApi } = tls;
  if ((certificate === undefined) !== (key === undefined))
    return '`certificate` and `key` belong together: give both or none';
  if (workloadApi === undefined) {
    if (certificate === undefined) return 'nothing says who we are: give `certificate` and `key`, or `workloadApi`';
    return ca === undefined ? 'nobody is trusted: give `ca`, or `workloadApi`' : undefined;
  }
  if (certificate !== undefined && ca !== undefined)
    return 'nothing is left for `workloadApi` to give: leave it out, or `certificate` and `key`, or `ca`';
  return ca === undefined && tls.serverSpiffeId === undefined
    ? 'a bundle of a Workload API vouches for SPIFFE IDs: give that of the listener as `serverSpiffeId`, or `ca`'
    : undefined;
}

export type ExchangeSettings = z.output<typeof exchangeSchema>;
