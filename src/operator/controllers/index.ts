/**
 * operator/controllers: from what is written in custom resources to what is in the cluster.
 *
 * `reconciler.ts` is the one way that every object goes: read, hold against the others, make, prune, report. What differs
 * is a controller a kind: `auth-server.ts`, `mcp-server.ts`, `mcp-gateway.ts`, and `referred.ts` for what has no
 * children. `world.ts` is what is known of the cluster, `related.ts` says whom a change concerns, `keys.ts` looks after
 * certificates, `conditions.ts` writes down how it stands. `start.ts` puts all of it together.
 *
 * What holds whatever happens:
 * - A reconcile writes in the namespace of its object alone; the list of owners is the MCPAuthServer's to write.
 * - One that fails is tried again later, and holds up no other.
 * - What the webhook refuses is looked at here once more, with the same functions: it may have been away (OPR-008).
 */
export { startOperator, type OperatorOptions, type RunningOperator } from './start.ts';
export { related } from './related.ts';
export { conditionsOf, type Finding } from './conditions.ts';
