/**
 * DNS rebinding: a page at evil.test makes its own name resolve to 127.0.0.1 and then talks to a
 * local server as "same origin". Two headers that a page cannot forge tell: `Host` is then evil.test,
 * and `Origin` is the page's. Both are checked before anything else is read (MCP 2026-07-28,
 * Streamable HTTP, Security; CVE-2025-66414).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface HostPolicy {
  /** Host names (without port) that this server answers to, lower case. */
  readonly hosts: ReadonlySet<string>;
  /** Names in the certificate of the listener, lower case: whoever may answer as them by TLS is meant by them. */
  readonly certified: () => readonly string[];
  /** Origins of browser pages that may call, exact: `https://app.example`. */
  readonly origins: ReadonlySet<string>;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** What the settings of a listener let in. */
export function hostPolicy(options: {
  host: string;
  allowedHosts: readonly string[];
  publicUrl?: string | undefined;
  allowedOrigins: readonly string[];
  certifiedNames?: (() => readonly string[]) | undefined;
}): HostPolicy {
  const hosts = new Set([...LOOPBACK, ...options.allowedHosts.map((name) => name.toLowerCase())]);
  if (options.publicUrl !== undefined) hosts.add(new URL(options.publicUrl).hostname);
  if (options.host !== '0.0.0.0' && options.host !== '::')
    hosts.add(options.host.includes(':') ? `[${options.host}]` : options.host.toLowerCase());
  return { hosts, certified: options.certifiedNames ?? (() => []), origins: new Set(options.allowedOrigins) };
}

/** What is wrong with the request's Host or Origin, or undefined. */
export function refuseForeign(request: IncomingMessage, policy: HostPolicy): 'host' | 'origin' | undefined {
  // Node keeps the first of several Host headers: count them, since a proxy may have read the other.
  if (countHeader(request.rawHeaders, 'host') !== 1) return 'host';
  const host = request.headers.host as string;
  if (!isOwnHost(host, policy) && !isAddressOf(request.socket, host)) return 'host';
  const origin = request.headers.origin;
  if (origin === undefined || policy.origins.has(origin)) return undefined;
  // The server's own pages (same scheme, host and port) may call.
  return origin === `http://${host}` || origin === `https://${host}` ? undefined : 'origin';
}

function isOwnHost(host: string, policy: HostPolicy): boolean {
  const lower = host.toLowerCase();
  if (policy.hosts.has(lower)) return true;
  // The port does not count: a tunnel or a port mapping changes it, and no page can make a browser send
  // a Host of another port than it connects to. Pages of other ports are told by their Origin.
  const port = /:\d{1,5}$/.exec(lower);
  const bare = port === null ? lower : lower.slice(0, port.index);
  return (port !== null && policy.hosts.has(bare)) || policy.certified().includes(bare);
}

/**
 * Whether the host is the very address that the connection came in on: health checks by address say it,
 * and an address cannot be made to lead elsewhere, as a name can.
 */
function isAddressOf(socket: Socket, host: string): boolean {
  const address = (socket.localAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  const written = address.includes(':') ? `[${address}]` : address;
  return address !== '' && host.replace(/:\d{1,5}$/, '').toLowerCase() === written;
}

/**
 * A handler for a loopback listener without doors of its own: pages that rebound their name to this
 * machine get nothing from it.
 */
export function loopbackOnly(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const policy = hostPolicy({ host: 'localhost', allowedHosts: [], allowedOrigins: [] });
  return (request, response) => {
    const foreign = refuseForeign(request, policy);
    if (foreign === undefined) handler(request, response);
    else response.writeHead(foreign === 'host' ? 421 : 403, ['Content-Length', '0']).end();
  };
}

function countHeader(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at] as string;
    if (header.length === name.length && header.toLowerCase() === name) count++;
  }
  return count;
}
