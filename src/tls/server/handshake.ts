import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';

/**
 * What every TLS listener of ours speaks: version 1.3 alone, its three AEAD suites that are recommended
 * (RFC 8446 §B.4; those with CCM are for small devices), and HTTP/1.1 (RFC 7301).
 *
 * No session tickets. A ticket is a way in that nobody looks at again: it would outlive a revoked
 * certificate, a replaced bundle and the key that once proved the server's name (RFC 8446 §8.1, INT-023).
 * Clients keep their connections, so what tickets save is a signature a connection.
 */
export const HANDSHAKE = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const satisfies TlsOptions;

export const ALPN: readonly string[] = ['http/1.1'];

/** A client that has not finished the handshake by then is cut off, in milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
