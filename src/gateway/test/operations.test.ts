import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger, type JsonObject } from '#kernel';
import { callLog, lateMetrics, loadTelemetry, loopbackOnly, type CallReport } from '../index.ts';
import { readinessProbe } from '../operations/readiness.ts';
import { post, postStateless, revoked, snapshotOf, startGateway, BOB } from './gateway.fixture.ts';
import { raw } from './wire.fixture.ts';

let servers: Server[] = [];
afterEach(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  servers = [];
});

async function serve(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler as never);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Reports of real calls: one that succeeds, one refused, one of an unknown tool. */
async function realReports(): Promise<readonly CallReport[]> {
  const running = await startGateway();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await postStateless(`${running.url}/mcp`, 'tools/call', { name: 'rows' }, { meta: { traceparent } });
  await post(`${running.url}/api/tool/two_scopes/invoke`, {});
  await post(`${running.url}/api/tool/made_up_by_the_caller/invoke`, {});
  await running.close();
  return running.reports;
}

describe('metrics', () => {
  it('count calls by tool, door and outcome, and never label with what a caller made up', async () => {
    const reports = await realReports();
    const metrics = lateMetrics(() => ({
      sessions: () => 7,
      streams: () => 0,
      running: () => 0,
      certificates: () => [],
      damage: () => 2,
      shadows: () => [{ policy: '*/draft', difference: 'would-deny', count: 3 }],
      deliveries: async () => [
        { name: 'siem', state: 'failing', behind: 12, failure: { since: 5000, attempts: 3, message: 'away' } },
        { name: 'worm', state: 'sending', behind: 0 },
      ],
    }));
    // Before the library is loaded, which the scrape waits for.
    for (const report of reports) metrics.observer.called(report);
    metrics.reloaded('refused');
    metrics.approval('consumed');
    const url = await serve(metrics.handler);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('chatelaine_tool_calls_total{tool="rows",door="mcp",outcome="ok"} 1');
    expect(text).toContain('chatelaine_tool_calls_total{tool="two_scopes",door="rest",outcome="INSUFFICIENT_SCOPE"} 1');
    expect(text).toContain('chatelaine_tool_calls_total{tool="(unknown)",door="rest",outcome="TOOL_UNKNOWN"} 1');
    expect(text).toContain('chatelaine_mcp_sessions 7');
    expect(text).toContain('chatelaine_audit_damage 2');
    expect(text).toContain('chatelaine_policy_shadow_total{policy="*/draft",difference="would-deny"} 3');
    expect(text).toContain('chatelaine_audit_delivery_behind{receiver="siem"} 12');
    expect(text).toContain('chatelaine_audit_delivery_failing_since_seconds{receiver="siem"} 5');
    expect(text).toContain('chatelaine_audit_delivery_failing_since_seconds{receiver="worm"} 0');
    expect(text).toContain('chatelaine_audit_delivery_state{receiver="siem",state="failing"} 1');
    expect(text).toContain('chatelaine_audit_delivery_state{receiver="worm",state="failing"} 0');
    expect(text).toContain('chatelaine_configuration_reloads_total{outcome="refused"} 1');
    expect(text).toContain('chatelaine_approvals_total{outcome="consumed"} 1');
    expect(text).not.toContain('made_up');
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics?from=a+scraper`)).status).toBe(200);
    const refused = await fetch(`${url}/metrics`, { method: 'POST' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('MCP-002: on loopback tell nothing to a page that rebound its name', async () => {
    const url = new URL(await serve(loopbackOnly((_, response) => response.end('secret numbers'))));
    const get = (headers: string): Promise<string> =>
      raw(Number(url.port), `GET /metrics HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`);
    expect(await get(`Host: ${url.host}`)).toContain('secret numbers');
    expect(await get('Host: evil.test')).toMatch(/^HTTP\/1\.1 421 (?![^]*secret)/);
    expect(await get(`Host: ${url.host}\r\nOrigin: http://evil.test`)).toMatch(/^HTTP\/1\.1 403 (?![^]*secret)/);
  });
});

describe('the log of calls', () => {
  it('holds no line break and no megabyte that a caller put into a name', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
    const running = await startGateway({}, snapshotOf(), [callLog(log)]);
    const name = `evil\n{"level":"error","event":"forged"}${'x'.repeat(100_000)}`;
    await post(`${running.url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } });
    await running.close();
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toContain('\n');
    expect(lines[0]?.length).toBeLessThan(1000);
  });
});

describe('OpenTelemetry', () => {
  it('sends a span per call, a child of the caller’s, and the duration metric, over OTLP', async () => {
    const received: Record<string, JsonObject> = {};
    const collector = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        received[request.url as string] = JSON.parse(body) as JsonObject;
        response.end('{}');
      });
    });
    const telemetry = await loadTelemetry({ endpoint: collector, serviceName: 'test', version: '1' });
    for (const report of await realReports()) telemetry.observer.called(report);
    await telemetry.close();
    const spans = JSON.stringify(received['/v1/traces']);
    expect(spans).toContain('"name":"tools/call rows"');
    expect(spans).toContain('"traceId":"0af7651916cd43dd8448eb211c80319c"');
    expect(spans).toContain('"parentSpanId":"b7ad6b7169203331"');
    expect(spans).toContain('INSUFFICIENT_SCOPE');
    expect(JSON.stringify(received['/v1/metrics'])).toContain('mcp.server.operation.duration');
  });
});

describe('readiness', () => {
  it('shows each source, is ready with one down, and asks a source at most every five seconds', async () => {
    let asked = 0;
    const snapshot = snapshotOf();
    const view = {
      ...snapshot.namespaces.get('default')!,
      sources: [
        { name: 'up', type: 'sqlite', probe: async () => (asked++, { ok: true as const, value: undefined }) },
        {
          name: 'down',
          type: 'postgres',
          probe: async () => ({
            ok: false as const,
            error: { reason: 'password authentication failed for user admin' },
          }),
        },
        {
          name: 'locked',
          type: 'mysql',
          probe: async () => ({
            ok: false as const,
            error: { reason: 'it has ended', secret: 'secret://default/shop' },
          }),
        },
      ],
    };
    let now = 0;
    let damaged = false;
    const probe = readinessProbe({
      views: () => [view],
      serving: () => true,
      recording: () => true,
      damaged: () => damaged,
      clock: { now: () => now },
    });
    const { ready, body } = await probe.read();
    expect(ready).toBe(true);
    // `/readyz` asks nobody who they are: what the database said is for the log.
    expect(JSON.parse(body)).toEqual({
      status: 'ready',
      sources: {
        up: { type: 'sqlite', state: 'ok' },
        down: { type: 'postgres', state: 'unreachable' },
        // The name of a secret is none, and says which one to renew.
        locked: { type: 'mysql', state: 'unreachable', secret: 'secret://default/shop' },
      },
    });
    damaged = true;
    const again = await probe.read();
    expect([again.ready, JSON.parse(again.body)]).toMatchObject([true, { record: 'damaged' }]);
    expect(asked).toBe(1);
    now = 6_000;
    await probe.read();
    expect(asked).toBe(2);
  });
});

describe('readiness of several namespaces', () => {
  it('counts the sources of the others and names none: nobody was asked who they are', async () => {
    const view = snapshotOf().namespaces.get('default')!;
    const up = { type: 'sqlite', probe: async () => ({ ok: true as const, value: undefined }) };
    const down = { type: 'mysql', probe: () => Promise.reject(new Error('no promise was made')) };
    const views = [
      { ...view, sources: [{ name: 'cities', ...up }] },
      {
        ...view,
        name: 'secret-team',
        sources: [
          { name: 'payroll', ...up },
          { name: 'ledger', ...down },
        ],
      },
    ];
    const { body } = await readinessProbe({
      views: () => views,
      serving: () => true,
      recording: () => true,
      damaged: () => false,
      clock: { now: () => 0 },
    }).read();
    expect(JSON.parse(body)).toEqual({
      status: 'ready',
      sources: { cities: { type: 'sqlite', state: 'ok' } },
      elsewhere: { ok: 1, unreachable: 1 },
    });
  });
});

describe('draining', () => {
  it('answers new calls with 503 and stays healthy, so that a balancer sees it end', async () => {
    const running = await startGateway();
    running.gateway.drain();
    const response = await post(`${running.url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'ping' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    await running.close();
  });
});

describe('open streams', () => {
  it('end when their credential stops counting (MCP-028)', async () => {
    const running = await startGateway();
    const { url } = running;
    const response = await postStateless(
      `${url}/mcp`,
      'subscriptions/listen',
      { notifications: {} },
      { headers: { Authorization: `Bearer ${BOB}` } },
    );
    const ended = response.text();
    await expect.poll(() => running.gateway.gauges.streams()).toBe(1);
    revoked.add(BOB);
    await running.gateway.services.streams.round();
    expect(await ended).toContain('acknowledged');
    revoked.delete(BOB);
    await running.close();
  });
});
