/**
 * workload-api: certificates, keys and bundles from a SPIFFE Workload API, such as the agent of SPIRE, in the
 * place of files.
 *
 * Owns the protocol (`protocol.ts`), the stream that is kept open (`stream.ts`), what counts of a message
 * (`material.ts`, whole or not at all), and what listeners take of it: `Live` values like those of files
 * (`workload-view.ts`). Does not own: what TLS is made of those (`../server`, `../trust`), and which endpoint it
 * is (`main`, which reads `SPIFFE_ENDPOINT_SOCKET`).
 *
 * Specifications: SPIFFE_Workload_Endpoint, SPIFFE_Workload_API §4 and §5, X509-SVID, SPIFFE-ID. Of the profiles
 * X.509-SVID alone is spoken. Why by this library: ADR 51.
 */
export { openWorkloadApi, type SvidChoice, type WorkloadApi, type WorkloadApiOptions } from './workload-api.ts';
export type { WorkloadLive, WorkloadState } from './workload-view.ts';
