import { z } from 'zod';
import { absoluteUrl, isLoopbackHost, secretText } from './common.ts';
import { pemOrPath } from './tls.ts';

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
    certificate: pemOrPath.describe(
      'Our certificate and its issuers: an absolute path, which is followed, or PEM text.',
    ),
    key: secretText.describe('Its private key, likewise.'),
    ca: pemOrPath.describe("The authorities that may vouch for the listener, likewise; the system's are not asked."),
    serverSpiffeId: z
      .string()
      .regex(/^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/, {
        error: 'a SPIFFE ID is written `spiffe://prod.example.com/ns/system/authserver`',
      })
      .optional()
      .describe('Who the listener is, by its SPIFFE ID; without it whoever has the name of the host.'),
  })
  .superRefine(({ url, issuer }, context) => {
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message, params: { problem: 'UNENFORCEABLE' } });
    const { pathname, search, hash, username, password } = new URL(url);
    if (pathname !== '/' || search !== '' || hash !== '')
      refuse(['url'], 'an internal listener has one path: leave it out');
    if (username !== '' || password !== '') refuse(['url'], 'who we are is said by the certificate, not by the URL');
    const at = new URL(issuer);
    if (at.protocol === 'http:' && !isLoopbackHost(at.hostname))
      refuse(['issuer'], 'an issuer is https; plain http is for this machine alone');
  });

export type ExchangeSettings = z.output<typeof exchangeSchema>;
