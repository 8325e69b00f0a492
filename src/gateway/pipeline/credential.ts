/** Where a credential stands in a request, and everywhere that it does not. */
import type { IncomingMessage } from 'node:http';
import type { Presentation } from '#contract';
import { err, ok, type ChatelaineError, type Result } from '#kernel';
import { gatewayError } from '../errors.ts';

export interface Credential {
  readonly scheme: Presentation['scheme'];
  readonly token: string;
}

/**
 * The token of one `Authorization: Bearer …` or `DPoP …` header, and of nothing else (RFC 6750 §2; RFC 9449
 * §7.1; OAuth 2.1 §5.1). The scheme is case-insensitive and one space separates it; nothing is trimmed, since a
 * check that repairs input disagrees with the next reader about what the token was.
 */
export function credentialOf(request: IncomingMessage): Result<Credential, ChatelaineError> {
  const header = request.headers.authorization;
  if (header === undefined) return err(gatewayError('UNAUTHENTICATED', 'the request carries no credential'));
  // Node keeps the first Authorization header and drops others silently.
  if (repeats(request.rawHeaders))
    return err(gatewayError('CREDENTIAL_REPEATED', 'the request carries more than one Authorization header'));
  const match = /^(Bearer|DPoP) ([A-Za-z0-9\-._~+/]+=*)$/i.exec(header);
  if (!match) {
    // Another scheme is no credential of ours: its challenge says nothing of errors (RFC 6750 §3.1).
    const ours = /^(?:Bearer|DPoP)(?![A-Za-z])/i.test(header);
    return err(
      gatewayError('UNAUTHENTICATED', 'the Authorization header is not `Bearer` or `DPoP` and one token', {
        ...(ours && { details: { challenge: 'invalid_token' } }),
      }),
    );
  }
  const [, scheme, token] = match as unknown as [string, string, string];
  return ok({ scheme: scheme.length === 'DPoP'.length ? 'DPoP' : 'Bearer', token });
}

/** RFC 6750 §2.3 is how; OAuth 2.1 §5.1 forbids it: URLs are kept in logs, histories and `Referer`. */
export function isInQuery({ url = '' }: IncomingMessage): boolean {
  const question = url.indexOf('?');
  return question !== -1 && new URLSearchParams(url.slice(question + 1)).has('access_token');
}

/** How a request presents its token, as what is proved with it is checked against. */
export function presentationOf(
  request: IncomingMessage,
  how: Pick<Presentation, 'scheme' | 'listener' | 'certificate' | 'proved'>,
): Presentation {
  const { method = '', url = '', rawHeaders } = request;
  const proofs: string[] = [];
  // Node joins a header that came twice.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === 'dpop') proofs.push(rawHeaders[at + 1] as string);
  }
  return { ...how, method, path: url.split('?', 1)[0] as string, proofs };
}

function repeats(rawHeaders: readonly string[]): boolean {
  let seen = false;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}
