/**
 * contract: what is on a wire or in a file, and what modules hand each other.
 *
 * Owns the zod schemas of configuration documents (`config/`), the principal, MCP content, the client
 * behind a call, and how secrets are named and handed over. Imports the kernel alone; everything else
 * may import it.
 *
 * The custom resources of Kubernetes have a door of their own, `#contract/kubernetes`: only the operator needs them, and
 * no other command waits while they are made.
 */
import './interpreted-schemas.ts';

export * from './principal.ts';
export { ASYMMETRIC_ALGORITHMS } from './asymmetric-algorithms.ts';
export * from './confirmation.ts';
export * from './permissions.ts';
export * from './limit.ts';
export * from './resource-place.ts';
export { canonicalResource } from './canonical-resource.ts';
export * from './owner-id.ts';
export * from './mcp.ts';
export type * from './called-tool.ts';
export * from './catalogue-tool.ts';
export type * from './token-verifier.ts';
export type * from './agents-by-spiffe-id.ts';
export type * from './grant-source.ts';
export type * from './workload-identity.ts';
export * from './caller-face.ts';
export * from './mirrored-parameters.ts';
export * from './protected-server.ts';
export { isScope, readChallenge, type BearerChallenge } from './bearer-challenge.ts';
export * from './audit-record.ts';
export * from './recorded.ts';
export * from './secret.ts';
export * from './revocation-ledger.ts';
export * from './config/index.ts';
export * from './policy-form.ts';
