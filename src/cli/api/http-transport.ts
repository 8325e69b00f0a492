import { isLoopbackHost } from '#contract';
import { reveal, type Secret } from '#kernel';
import { cliError } from '../errors.ts';
import type { Transport } from './client.ts';

const LONGEST_MS = 120_000;

/**
 * Requests to a server. Throws `SERVER_ADDRESS_REFUSED` at once for an address that is none, or to which
 * the credential would travel in the clear.
 */
export function httpTransport(server: string, credential: Secret): Transport {
  const url = URL.parse(server);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw cliError('SERVER_ADDRESS_REFUSED', `\`${server}\` is not the address of a server`);
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw cliError('SERVER_ADDRESS_REFUSED', `to \`${url.host}\` the credential would travel in the clear; use https`);
  }
  const base = url.href.replace(/\/$/, '');
  return async ({ method, target, headers, body }) => {
    let answer: Response;
    try {
      answer = await fetch(`${base}${target}`, {
        method,
        headers: { ...headers, authorization: `Bearer ${reveal(credential)}` },
        ...(body !== undefined && { body: new Uint8Array(body) }),
        // A redirect would take the credential along, or lose the change on the way.
        redirect: 'error',
        signal: AbortSignal.timeout(LONGEST_MS),
      });
    } catch (cause) {
      const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
      throw cliError('SERVER_UNREACHABLE', `\`${base}\` does not answer (${code ?? message})`, { cause });
    }
    return { status: answer.status, etag: answer.headers.get('etag') ?? undefined, text: await answer.text() };
  };
}
