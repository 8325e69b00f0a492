/**
 * gateway: the doors and the one pipeline behind them.
 *
 * Owns the public listener and its doors: MCP of both eras over HTTP (`mcp/endpoint.ts`) and standard
 * input (`mcp/stdio.ts`), MCP Toolbox's REST (`rest/`), the local call (`invoke.ts`); the pipeline that
 * every call of every door passes (`pipeline/call.ts`) and what it puts on record (`pipeline/call-record.ts`); health, readiness, metrics and traces
 * (`operations/`); the way to other processes of the installation, for what one of them holds (`http/siblings/`). Does not own: what a tool is and does (toolbox), who a credential belongs to
 * (identity, behind the `TokenVerifier` port), wiring (main).
 *
 *   POST GET DELETE  /mcp  /mcp/{toolset}  /mcp/n/{namespace}[/{toolset}]   MCP 2026-07-28, 2025-11-25 …
 *   GET              /api/toolset[/{name}]  /api/tool/{name}                Toolbox REST
 *   POST             /api/tool/{name}/invoke
 *   *                /api/v1/…                                              handed to #http
 *   GET              /.well-known/oauth-protected-resource[/…]              RFC 9728, without a credential
 *   GET              /  /healthz  /readyz                                   without a credential
 */
import type { warnOfLimits as WarnOfLimits } from './decisions/limit-documents.ts';
import type { readPolicyDocuments as ReadDocuments } from './decisions/policy-documents.ts';
import type { Siblings, SiblingsOptions } from './http/siblings/index.ts';
import type { Metrics } from './operations/metrics.ts';
import type { createTelemetry, Telemetry } from './operations/telemetry.ts';

type CreateTelemetry = typeof createTelemetry;

export { createGateway, type Gateway } from './gateway.ts';
export type { GatewayOptions, ToolboxHolder } from './gateway-options.ts';
export type { Pages } from './http/pages.ts';
export type { Siblings } from './http/siblings/index.ts';
export { approvePolicy } from './decisions/index.ts';
export { loopbackOnly } from './http/host-origin.ts';
export { listen, type Listener } from './http/listener.ts';
export { invokeLocally } from './invoke.ts';
export { serveStdio } from './mcp/stdio.ts';
export { toolsetsOf } from './decisions/entities.ts';
export { AgentCertificates } from './pipeline/agent-certificates.ts';
export { validatedTools } from './decisions/index.ts';
export { callLog } from './operations/call-log.ts';
export { coverLogText } from './operations/cover-log.ts';
export { lateMetrics } from './operations/late-metrics.ts';
export type { CallObserver, CallReport } from './pipeline/call-observer.ts';
export type { ExchangeState } from './operations/readiness.ts';
export type { CallerGrants } from './pipeline/caller-grants.ts';
export type { CallSteps, DecisionWatch } from './pipeline/call-steps.ts';
export { endedAs } from './pipeline/call-ending.ts';
export type { Metrics, Telemetry };

/** Loaded when used: where several processes serve one installation. */
export const openSiblings = async (options: SiblingsOptions): Promise<Siblings> =>
  (await import('./http/siblings/index.ts')).openSiblings(options);

/** Loaded when used: where documents declare policies. */
export const readPolicyDocuments = async (
  ...given: Parameters<typeof ReadDocuments>
): ReturnType<typeof ReadDocuments> =>
  await (await import('./decisions/policy-documents.ts')).readPolicyDocuments(...given);

/** Likewise: where some declare limits. */
export const warnOfLimits = async (
  ...given: Parameters<typeof WarnOfLimits>
): Promise<ReturnType<typeof WarnOfLimits>> =>
  given[0].length === 0 ? [] : (await import('./decisions/limit-documents.ts')).warnOfLimits(...given);

/** Loaded when used: few have a collector. */
export const loadTelemetry = async (options: Parameters<CreateTelemetry>[0]): Promise<Telemetry> =>
  (await import('./operations/telemetry.ts')).createTelemetry(options);
