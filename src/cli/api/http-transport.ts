import { isLoopbackHost } from '#contract';
import { reveal, type Secret } from '#kernel';
import { cliError } from '../errors.ts';
import type { Transport } from './client.ts';

const LONGEST_MS = 120_000;

/**
 * The origin of a server. Throws `SERVER_ADDRESS_REFUSED` for an address that is none, and for one to
 * which a credential would travel in the clear.
 */
export function checkServer(server: string): string {
  const url = URL.parse(server);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw cliError(
      'SERVER_ADDRESS_REFUSED',
      `\`${server}\` is not the address of a server, such as https://tools.example.com`,
    );
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw cliError('SERVER_ADDRESS_REFUSED', `to \`${url.host}\` the credential would travel in the clear; use https`);
  }
  return url.origin;
}

/** Requests to a server, by its origin. */
export function httpTransport(base: string, credential: Secret): Transport {
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
