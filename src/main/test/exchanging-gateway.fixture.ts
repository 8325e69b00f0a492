import { svid, testAuthority } from '../../../test/certificates.ts';
import { AUDIENCE } from '../../../test/issuer.ts';

const SERVER_ID = 'spiffe://td.test/ns/system/authserver';

/** A gateway that exchanges tokens of an issuer over mutual TLS: certificates of both ends, and its documents. */
export function exchangingGateway() {
  const authority = testAuthority('Gateways');
  const own = authority.issue([], svid('spiffe://td.test/ns/home/gateway/gate'));
  const there = authority.issue(['127.0.0.1'], svid(SERVER_ID));
  return {
    /** Of the listener where it exchanges. */
    tls: { cert: there.cert, key: there.key, ca: authority.cert, requestCert: true, minVersion: 'TLSv1.3' } as const,
    documents: (exchanger: { readonly url: string }, issuer: { readonly url: string }): readonly object[] => [
      {
        ...{ kind: 'server', port: 0, metrics: false },
        exchange: {
          ...{ url: exchanger.url, issuer: issuer.url, owner: 'home/gate', ca: authority.cert },
          ...{ serverSpiffeId: SERVER_ID, certificate: own.cert, key: own.key },
        },
      },
      {
        ...{ kind: 'authService', name: 'issuer', type: 'generic', mcpEnabled: true, allowPrivateNetworks: true },
        ...{ authorizationServer: issuer.url, audience: AUDIENCE },
      },
    ],
  };
}
