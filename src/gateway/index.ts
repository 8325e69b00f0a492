/**
 * gateway: the doors and the one pipeline behind them.
 *
 * Owns the public listener and its doors: MCP of both eras over HTTP (`mcp/endpoint.ts`) and standard
 * input (`mcp/stdio.ts`), MCP Toolbox's REST (`rest/`), the local call (`invoke.ts`); the pipeline that
 * every call of every door passes (`pipeline/call.ts`) and what it puts on record (`pipeline/call-record.ts`); health, readiness, metrics and traces
 * (`operations/`). Does not own: what a tool is and does (toolbox), who a credential belongs to
 * (identity, behind the `TokenVerifier` port), wiring (main).
 *
 *   POST GET DELETE  /mcp  /mcp/{toolset}  /mcp/n/{namespace}[/{toolset}]   MCP 2026-07-28, 2025-11-25 …
 *   GET              /api/toolset[/{name}]  /api/tool/{name}                Toolbox REST
 *   POST             /api/tool/{name}/invoke
 *   *                /api/v1/…                                              handed to #http
 *   GET              /.well-known/oauth-protected-resource[/…]              RFC 9728, without a credential
 *   GET              /  /healthz  /readyz                                   without a credential
 */
import type { Metrics } from './operations/metrics.ts';
import type { createTelemetry, Telemetry } from './operations/telemetry.ts';

type CreateTelemetry = typeof createTelemetry;

export { createGateway, type Gateway, type GatewayOptions, type Pages, type ToolboxHolder } from './gateway.ts';
export { loopbackOnly } from './http/host-origin.ts';
export { listen, type Listener } from './http/listener.ts';
export { invokeLocally } from './invoke.ts';
export { serveStdio } from './mcp/stdio.ts';
export { AgentCertificates } from './pipeline/agent-certificates.ts';
export { callLog } from './operations/call-log.ts';
export { lateMetrics } from './operations/late-metrics.ts';
export type { CallObserver, CallReport } from './pipeline/call.ts';
export type { Metrics, Telemetry };

/** Loaded when used: few have a collector. */
export const loadTelemetry = async (options: Parameters<CreateTelemetry>[0]): Promise<Telemetry> =>
  (await import('./operations/telemetry.ts')).createTelemetry(options);
