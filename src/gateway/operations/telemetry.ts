/**
 * OpenTelemetry: a span per tool call and the duration metric, sent over OTLP/HTTP to a collector, with
 * the names of the MCP and GenAI semantic conventions. Loaded only when an endpoint is configured.
 */
import { context, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { TracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { CallObserver } from '../pipeline/call-observer.ts';

export interface Telemetry {
  readonly observer: CallObserver;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** `endpoint`: the collector's base URL, as in `OTEL_EXPORTER_OTLP_ENDPOINT`. */
export function createTelemetry(options: { endpoint: string; serviceName: string; version: string }): Telemetry {
  const base = options.endpoint.replace(/\/$/, '');
  const resource = resourceFromAttributes({ 'service.name': options.serviceName, 'service.version': options.version });
  const tracing = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${base}/v1/traces` }) })],
  });
  const metering = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics` }) })],
  });
  const tracer = tracing.getTracer('chatelaine', options.version);
  const duration = metering
    .getMeter('chatelaine', options.version)
    .createHistogram('mcp.server.operation.duration', { unit: 's' });

  return {
    observer: {
      called({ request, tool, outcome, durationMs }) {
        const attributes = {
          'mcp.method.name': 'tools/call',
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': tool?.name ?? '(unknown)',
          ...(outcome !== 'ok' && { 'error.type': outcome }),
        };
        duration.record(durationMs / 1000, attributes);
        const end = Date.now();
        const span = tracer.startSpan(
          `tools/call ${tool?.name ?? '(unknown)'}`,
          {
            kind: SpanKind.SERVER,
            startTime: end - durationMs,
            attributes: {
              ...attributes,
              'jsonrpc.request.id': request.requestId,
              'chatelaine.door': request.door,
              'chatelaine.namespace': request.view.name,
            },
          },
          parentOf(request.traceparent),
        );
        if (outcome !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
        span.end(end);
      },
    },
    async close() {
      await Promise.allSettled([tracing.shutdown(), metering.shutdown()]);
    },
  };
}

/** The caller's span, from `traceparent` (W3C Trace Context §3.2); a malformed one starts a new trace. */
function parentOf(traceparent: string | undefined): Context {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '');
  if (match === null) return context.active();
  const [, traceId, spanId, flags] = match as unknown as [string, string, string, string];
  return trace.setSpanContext(context.active(), {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}
