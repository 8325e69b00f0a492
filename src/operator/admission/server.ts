/** The HTTPS server of the webhook. Whatever goes wrong is no answer that allows: `failurePolicy` is `Fail`. */
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { reveal, type Logger, type Secret } from '#kernel';
import { HANDSHAKE, HANDSHAKE_TIMEOUT_MS } from '#tls';
import type { Snapshot } from '../references/index.ts';
import { judge } from './judge.ts';
import { LARGEST_BODY, printAnswer, readReview } from './review.ts';

export interface ShownCertificate {
  /** PEM. */
  readonly chain: string;
  readonly key: Secret;
}

export interface AdmissionServerOptions {
  readonly port: number;
  readonly host: string;
  readonly certificate: ShownCertificate;
  /** The objects of now; rejects, or waits, while they are not known yet. */
  readonly snapshot: () => Promise<Snapshot>;
  readonly log: Logger;
  /** Within so many milliseconds it answers, or refuses; less than `timeoutSeconds` of the configuration. */
  readonly deadlineMs?: number;
}

export interface AdmissionServer {
  readonly port: number;
  /** Shown from the next handshake on; what is under way goes on. Throws for a certificate that is not of its key. */
  show(certificate: ShownCertificate): void;
  /** Takes no more, and ends when what is under way has been answered. */
  close(): Promise<void>;
}

const DEADLINE_MS = 4000;
export const PATH = '/validate';

/** Opens it; rejects where the port is taken or the certificate cannot be used. */
export async function openAdmissionServer(options: AdmissionServerOptions): Promise<AdmissionServer> {
  const { log, deadlineMs = DEADLINE_MS } = options;
  const server = createServer(
    {
      ...contextOf(options.certificate),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      requestTimeout: deadlineMs,
      headersTimeout: deadlineMs,
      // Who sends a part of a request and then nothing is looked for so often.
      connectionsCheckingInterval: Math.min(1000, deadlineMs),
      keepAliveTimeout: 60_000,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => void answer(request, response, options, deadlineMs),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (cause) => log.error({ event: 'admission.server', err: cause }, 'the webhook has an error'));
  return {
    port: (server.address() as AddressInfo).port,
    show(certificate) {
      const context = contextOf(certificate);
      // Looked at first: a server with half of a new certificate would refuse every handshake.
      createSecureContext(context);
      server.setSecureContext(context);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

const contextOf = ({ chain, key }: ShownCertificate) => ({ ...HANDSHAKE, cert: chain, key: reveal(key) });

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { snapshot, log }: AdmissionServerOptions,
  deadlineMs: number,
): Promise<void> {
  const timer = setTimeout(() => refuse(response, 503, 'the webhook was not done in time'), deadlineMs);
  try {
    const path = request.url?.split('?', 1)[0];
    if (path !== PATH) return refuse(response, 404, `the webhook is at ${PATH}`);
    if (request.method !== 'POST') return refuse(response, 405, 'a review is posted', { allow: 'POST' });
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
      return refuse(response, 415, 'a review is application/json');
    const body = await bodyOf(request);
    if (body === undefined) return refuse(response, 413, `a review has at most ${LARGEST_BODY} bytes`);
    const review = readReview(body);
    if (!review.ok) return refuse(response, 400, review.error);
    const verdict = judge(review.value, await snapshot());
    end(response, 200, 'application/json', printAnswer(review.value.uid, verdict));
  } catch (cause) {
    if (request.destroyed && !request.complete) return;
    log.error({ event: 'admission.failed', err: cause }, 'a review could not be judged');
    refuse(response, 503, 'the webhook cannot judge it now; its log says why');
  } finally {
    clearTimeout(timer);
  }
}

/** Undefined for one that is too large, of which the rest is not read. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY) return undefined;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > LARGEST_BODY) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** An answer with an HTTP status, which the API server takes as a failed call: nothing was allowed. */
function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  // The rest of what is being sent is not waited for.
  end(response, status, 'text/plain; charset=utf-8', `${message}\n`, { ...headers, connection: 'close' });
}

function end(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}
