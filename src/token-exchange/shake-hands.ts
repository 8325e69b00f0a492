import { connect, type ConnectionOptions } from 'node:tls';

/**
 * Shakes hands with a listener and lets go again: that it is there and who it should be, at the price of no request
 * that it would put on record. Rejects with what is the matter, also when it takes longer than `withinMs`.
 */
export function shakeHands(url: URL, options: ConnectionOptions, withinMs: number): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...options,
      host,
      port: Number(url.port || 443),
      ...(isName(host) && { servername: host }),
    });
    socket.setTimeout(withinMs, () => socket.destroy(Object.assign(new Error('no handshake in time'), TIMEOUT)));
    socket.once('secureConnect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

const TIMEOUT = { code: 'UND_ERR_CONNECT_TIMEOUT' };

/** An address is no server name (RFC 6066 §3). */
const isName = (host: string): boolean => !/^[\d.]+$/.test(host) && !host.includes(':');
