/** `chatelaine invoke`: one call by the local user through the same pipeline as every other door. */
import type { AuditTrail, Principal, ServerSettings } from '#contract';
import type { Clock, JsonObject, Logger } from '#kernel';
import type { CurrentPolicies } from '#policy';
import type { ToolboxSnapshot } from '#toolbox';
import { gatewayError } from './errors.ts';
import { noClient } from './mcp/client-face.ts';
import { Decisions } from './decisions/index.ts';
import { createPipeline } from './pipeline/call.ts';
import type { CallSteps } from './pipeline/call-steps.ts';
import { ConcurrencyLimit } from './pipeline/concurrency-limit.ts';
import { LOCAL_PEER } from './pipeline/peer.ts';
import { OutputShaping, SeenLabels } from './shaping/index.ts';
import { shapeForMcp, type CallToolResult } from './pipeline/shape-mcp.ts';

/** Calls a tool as the local user; rejects with the catalogued error of a refusal or a failure. */
export async function invokeLocally(options: {
  log: Logger;
  trail: AuditTrail;
  snapshot: ToolboxSnapshot;
  policies: CurrentPolicies;
  steps?: Omit<CallSteps, 'decisions' | 'shaping'>;
  settings: Pick<ServerSettings, 'outputs'>;
  /** What masked values are digested with. */
  maskKey: () => Promise<Buffer>;
  clock: Clock;
  principal: Principal;
  name: string;
  arguments: JsonObject;
  signal: AbortSignal;
}): Promise<CallToolResult> {
  const { snapshot, principal, name, signal, log, trail } = options;
  const { outputs } = options.settings;
  const seen = new SeenLabels(options.clock, outputs.seenFor);
  const steps = {
    ...options.steps,
    decisions: new Decisions(options.policies, options.clock, seen, undefined, options.steps?.standings),
    shaping: new OutputShaping(options.maskKey, outputs, seen),
  };
  const pipeline = createPipeline({ limit: new ConcurrencyLimit(1), steps, trail, observers: [], log });
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
