import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { isLoopbackHost } from '#contract';

/** HTTP Strict Transport Security (RFC 6797 §6.1): for a year, this host only. */
export const STRICT_TRANSPORT: readonly string[] = ['Strict-Transport-Security', 'max-age=31536000'];

/**
 * Whether an answer may say so: over TLS alone (§7.2), and never as `localhost`, where it would take
 * plain HTTP from every other program on the machine: the rule holds for all ports of a host.
 */
export const isStrictTransport = (request: IncomingMessage): boolean =>
  request.socket instanceof TLSSocket && !isLoopbackHost((request.headers.host ?? '').replace(/:\d+$/, ''));
