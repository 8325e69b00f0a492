import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { TlsClientSettings } from '#contract';
import { tlsClient } from '#tls';
import { vaultError } from '../errors.ts';
import type { HttpPost } from './key-wrapper.ts';
import { LONGEST_ANSWER } from './remote.ts';

/**
 * The port over TLS of our own settings, for services of a private authority. The platform's `fetch` knows the
 * authorities of the whole process alone (`NODE_EXTRA_CA_CERTS`), and what is trusted for a key service
 * should be trusted for nothing else. A connection is made anew each time: a key service is asked
 * rarely, and so a renewed file counts from the next request on.
 *
 * Follows no redirect. Throws `KEY_WRAPPER_UNAVAILABLE` for a file that cannot be read, else as Node does.
 */
export const httpsPost =
  (tls: TlsClientSettings): HttpPost =>
  async (url, { method, headers, body, signal }) => {
    const request = httpsRequest(url, {
      ...{ method, signal, agent: false },
      ...secureContext(tls),
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    request.end(body);
    const [response] = (await once(request, 'response', { signal })) as [IncomingMessage];
    return { status: response.statusCode ?? 0, text: () => textOf(response) };
  };

function secureContext(tls: TlsClientSettings): SecureContextOptions {
  try {
    return tlsClient(tls);
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    const message = `\`${path ?? 'a file'}\`, named under \`tls\` of the key wrapper, cannot be read (${code ?? 'unknown reason'})`;
    throw vaultError('KEY_WRAPPER_UNAVAILABLE', message, { cause });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += String(chunk);
    // Nobody needs more of it, and the service may be another than was meant.
    if (text.length > LONGEST_ANSWER) response.destroy();
  }
  return text;
}
