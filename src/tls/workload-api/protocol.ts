/** The part of the protocol that is spoken here: one method of the X.509-SVID profile (SPIFFE_Workload_API §5). */
import protobuf, { type IMapField } from 'protobufjs/light.js';

export const FETCH_X509_SVID = '/SpiffeWorkloadAPI/FetchX509SVID';

/** Goes with every request: whoever can only make us fetch an address cannot add it (SPIFFE_Workload_Endpoint §3). */
export const SECURITY_HEADER = ['workload.spiffe.io', 'true'] as const;

const federatedBundles: IMapField = { keyType: 'string', type: 'bytes', id: 3 };

const root = protobuf.Root.fromJSON({
  nested: {
    X509SVIDRequest: { fields: {} },
    X509SVIDResponse: {
      fields: {
        svids: { rule: 'repeated', type: 'X509SVID', id: 1 },
        crl: { rule: 'repeated', type: 'bytes', id: 2 },
        federatedBundles,
      },
    },
    X509SVID: {
      fields: {
        spiffeId: { type: 'string', id: 1 },
        x509Svid: { type: 'bytes', id: 2 },
        x509SvidKey: { type: 'bytes', id: 3 },
        bundle: { type: 'bytes', id: 4 },
        hint: { type: 'string', id: 5 },
      },
    },
  },
});

/** What the endpoint sends: certificates one after the other in DER, keys in PKCS#8. Absent fields are empty. */
export interface X509SvidResponse {
  readonly svids: readonly {
    readonly spiffeId: string;
    readonly x509Svid: Uint8Array;
    readonly x509SvidKey: Uint8Array;
    readonly bundle: Uint8Array;
    readonly hint: string;
  }[];
  readonly crl: readonly Uint8Array[];
  /** By the SPIFFE ID of the foreign trust domain. */
  readonly federatedBundles: Readonly<Record<string, Uint8Array>>;
}

const response = root.lookupType('X509SVIDResponse');

/** Throws what is wrong with the bytes. */
export const decodeResponse = (bytes: Uint8Array): X509SvidResponse =>
  response.decode(bytes) as unknown as X509SvidResponse;

/** A request says nothing. */
export const EMPTY_REQUEST = Buffer.alloc(0);
