/** What is measured, as Prometheus reads it. */
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '#kernel';
import { lateObserver, registerClusterMetrics } from '../metrics/index.ts';
import { WorkQueue } from '../queue/index.ts';
import { CONFIG_MAPS } from '../resources.ts';
import { follow, startCluster } from './cluster.fixture.ts';
import { SimulatedTime } from './simulated-time.fixture.ts';

const patience = { timeout: 20_000 };
const gauges = { isLeader: () => true, staleness: () => [{ resource: 'configmaps', ms: 1500 }], depths: () => [] };

describe('metrics', () => {
  it('requests are counted by verb, resource and code, and watches by why they began anew', async () => {
    const register = new Registry();
    const observer = await registerClusterMetrics(register, gauges);
    await using cluster = await startCluster(observer);
    const { api, connection } = cluster;
    await connection.find(CONFIG_MAPS, { namespace: 'default', name: 'none' });
    await using following = follow(connection, { observer });
    await following.reflector.synced;
    await expect.poll(() => api.watches('configmaps').length, patience).toBe(1);
    api.compact({ watches: true });
    await expect
      .poll(() => register.metrics(), patience)
      .toContain('watch_restarts_total{resource="configmaps",why="gone"} 1');
    const text = await register.metrics();
    expect(text).toContain('chatelaine_operator_api_requests_total{verb="get",resource="configmaps",code="404"} 1');
    expect(text).toContain('chatelaine_operator_api_requests_total{verb="list",resource="configmaps",code="200"}');
    expect(text).toContain('chatelaine_operator_leader 1');
    expect(text).toContain('chatelaine_operator_cache_staleness_seconds{resource="configmaps"} 1.5');
  });

  it('reconciles are counted by kind and outcome, and those that come again; also those from before there were metrics', async () => {
    const register = new Registry();
    const time = new SimulatedTime();
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof registerClusterMetrics>>>();
    const queue = new WorkQueue({
      ...{
        name: 'MCPServer',
        workers: 1,
        clock: time,
        timers: time,
        log: silentLogger,
        observer: lateObserver(promise),
      },
      work: async (key) => {
        if (key === 'bad' && time.now() === 0) throw new Error('once');
      },
    });
    void queue.run(new AbortController().signal);
    queue.add('bad');
    queue.add('good');
    await time.pass(100);
    resolve(
      await registerClusterMetrics(register, { ...gauges, depths: () => [{ queue: 'MCPServer', depth: queue.depth }] }),
    );
    await time.pass(1);
    const text = await register.metrics();
    expect(text).toContain('chatelaine_operator_reconciles_total{kind="MCPServer",outcome="failed"} 1');
    expect(text).toContain('chatelaine_operator_reconciles_total{kind="MCPServer",outcome="ok"} 2');
    expect(text).toContain('chatelaine_operator_queue_retries_total{queue="MCPServer"} 1');
    expect(text).toContain('chatelaine_operator_queue_depth{queue="MCPServer"} 0');
  });
});
