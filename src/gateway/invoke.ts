/** `chatelaine invoke`: one call by the local user through the same pipeline as every other door. */
import type { AuditTrail, Principal } from '#contract';
import type { JsonObject, Logger } from '#kernel';
import type { ToolboxSnapshot } from '#toolbox';
import { gatewayError } from './errors.ts';
import { noClient } from './mcp/client-face.ts';
import { createPipeline } from './pipeline/call.ts';
import { ConcurrencyLimit } from './pipeline/concurrency-limit.ts';
import { LOCAL_PEER } from './pipeline/peer.ts';
import { shapeForMcp, type CallToolResult } from './pipeline/shape-mcp.ts';

/** Calls a tool as the local user; rejects with the catalogued error of a refusal or a failure. */
export async function invokeLocally(options: {
  log: Logger;
  trail: AuditTrail;
  snapshot: ToolboxSnapshot;
  principal: Principal;
  name: string;
  arguments: JsonObject;
  signal: AbortSignal;
}): Promise<CallToolResult> {
  const { snapshot, principal, name, signal, log, trail } = options;
  const pipeline = createPipeline({ limit: new ConcurrencyLimit(1), trail, observers: [], log });
  const view = snapshot.namespaces.get(principal.namespace);
  if (view === undefined) throw gatewayError('TOOL_UNKNOWN', `the namespace \`${principal.namespace}\` has no tools`);
  const request = {
    door: 'invoke',
    requestId: 'invoke',
    principal,
    peer: LOCAL_PEER,
    view,
    group: view.all,
    name,
    arguments: options.arguments,
    secureArguments: undefined,
    client: noClient,
    signal,
    guard: undefined,
  } as const;
  return await pipeline.call(request, shapeForMcp);
}
