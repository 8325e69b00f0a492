/**
 * contract: what is on a wire or in a file, and what modules hand each other.
 *
 * Owns the zod schemas of configuration documents (`config/`), the principal, MCP content, the client
 * behind a call, and how secrets are named and handed over. Imports the kernel alone; everything else
 * may import it.
 */
import './interpreted-schemas.ts';

export * from './principal.ts';
export * from './permissions.ts';
export type * from './resource-place.ts';
export * from './mcp.ts';
export type * from './token-verifier.ts';
export type * from './agents-by-spiffe-id.ts';
export type * from './grant-source.ts';
export * from './audit-record.ts';
export * from './recorded.ts';
export * from './secret.ts';
export * from './revocation-ledger.ts';
export * from './config/index.ts';
