import type { checkServerIdentity, PeerCertificate } from 'node:tls';
import { id_kp_serverAuth } from '@peculiar/asn1-x509';
import { readCertificate } from '../trust/read-certificate.ts';

/**
 * Checks that a server whose chain holds has exactly that identity (X509-SVID.md §5.2); its host is not looked at. A
 * handshake that resumes a session does not ask: whoever gives this to a client has none resumed.
 */
export const isServer =
  (expected: string): typeof checkServerIdentity =>
  (_host: string, shown: PeerCertificate): Error | undefined => {
    const read = readCertificate(shown.raw);
    if (!read.ok) return new Error(`the server's certificate: ${read.error}`);
    const { uris, purposes, isAuthority } = read.value;
    if (isAuthority) return new Error('the server shows the certificate of an authority');
    if (purposes !== undefined && !purposes.includes(id_kp_serverAuth))
      return new Error("the server's certificate is not for servers");
    if (uris.length === 1 && uris[0] === expected) return undefined;
    return new Error(`the server is not \`${expected}\`: its certificate names ${named(uris)}`);
  };

const named = (uris: readonly string[]): string =>
  uris.length === 0 ? 'no SPIFFE ID' : uris.map((uri) => `\`${uri.slice(0, 200)}\``).join(' and ');
