/** What events say, how they come together, and that nobody waits for them. */
import { describe, expect, it } from 'vitest';
import { silentLogger } from '#kernel';
import { internal } from '../../../../test/kubernetes/api-server/index.ts';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { defineNotices, EventRecorder, type EventRecorderOptions } from '../events/index.ts';
import type { ClusterObserver } from '../metrics/index.ts';
import { silentObserver } from '../metrics/index.ts';
import { CONFIG_MAPS, EVENTS } from '../resources.ts';
import { configMap, somebody, startCluster, type TestCluster } from './cluster.fixture.ts';
import { SimulatedTime } from './simulated-time.fixture.ts';

const notice = defineNotices({
  Applied: { type: 'Normal', action: 'Apply', note: 'applied {object}' },
  Failed: { type: 'Warning', action: 'Reconcile', note: 'could not be reconciled: {code}' },
});
const patience = { timeout: 20_000 };

async function startRecording(cluster: TestCluster, given: Partial<EventRecorderOptions> = {}) {
  const time = new SimulatedTime();
  const outcomes: string[] = [];
  const observer: ClusterObserver = { ...silentObserver, eventRecorded: (outcome) => outcomes.push(outcome) };
  let ids = 0;
  const recorder = new EventRecorder({
    ...{ connection: cluster.connection, reporter: { controller: 'chatelaine.dev/operator', instance: 'pod-1' } },
    ...{ wallClock: { now: () => 1_800_000_000_000 }, clock: time, timers: time, log: silentLogger, observer },
    newId: () => `id${ids++}`,
    ...given,
  });
  const regarding = await cluster.connection.create(CONFIG_MAPS, configMap('one'), somebody);
  const stop = new AbortController();
  const running = recorder.run(stop.signal);
  return {
    ...{ recorder, time, outcomes, regarding },
    events: async (): Promise<readonly KubernetesObject[]> => (await cluster.connection.list(EVENTS)).items,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

describe('notices', () => {
  it('hold names and figures, and nothing that could be a text of somebody', () => {
    expect(notice('Applied', { object: 'Deployment/one' }).note).toBe('applied Deployment/one');
    expect(notice('Failed', { code: 'a text with spaces' }).note).toBe('could not be reconciled: …');
    expect(notice('Failed').note).toBe('could not be reconciled: …');
  });
});

describe('events', () => {
  it('one is written under the object that it regards', async () => {
    await using cluster = await startCluster();
    await using recording = await startRecording(cluster);
    const { recorder, regarding, events } = recording;
    recorder.record(regarding, notice('Applied', { object: 'Deployment/one' }));
    await expect.poll(async () => (await events()).length, patience).toBe(1);
    expect((await events())[0]).toMatchObject({
      metadata: { name: 'one.id0', namespace: 'default' },
      ...{ type: 'Normal', reason: 'Applied', action: 'Apply', note: 'applied Deployment/one' },
      ...{ reportingController: 'chatelaine.dev/operator', reportingInstance: 'pod-1' },
      regarding: { kind: 'ConfigMap', name: 'one', uid: regarding.metadata.uid },
    });
  });

  it('the same again is counted in the first, another is one of its own', async () => {
    await using cluster = await startCluster();
    await using recording = await startRecording(cluster);
    const { recorder, regarding, events, outcomes } = recording;
    const failed = notice('Failed', { code: 'CLUSTER_CONFLICT' });
    recorder.record(regarding, failed);
    await expect.poll(() => outcomes.length, patience).toBe(1);
    for (let times = 0; times < 5; times++) recorder.record(regarding, failed);
    recorder.record(regarding, notice('Failed', { code: 'CLUSTER_FORBIDDEN' }));
    await expect.poll(async () => (await events()).length, patience).toBe(2);
    await expect
      .poll(
        async () => (await events()).map(({ series }) => (series as { count: number } | undefined)?.count),
        patience,
      )
      .toStrictEqual([6, undefined]);
  });

  it('one that is gone, or of long ago, is written anew', async () => {
    await using cluster = await startCluster();
    await using recording = await startRecording(cluster);
    const { recorder, regarding, events, outcomes, time } = recording;
    const failed = notice('Failed', { code: 'CLUSTER_CONFLICT' });
    recorder.record(regarding, failed);
    await expect.poll(() => outcomes.length, patience).toBe(1);
    await cluster.connection.delete(EVENTS, { namespace: 'default', name: 'one.id0' });
    recorder.record(regarding, failed);
    await expect.poll(() => outcomes.length, patience).toBe(2);
    await time.pass(10 * 60_000);
    recorder.record(regarding, failed);
    await expect
      .poll(async () => (await events()).map(({ metadata }) => metadata.name), patience)
      .toStrictEqual(['one.id1', 'one.id2']);
  });

  it('an API server that takes none holds nobody up, and what is recorded is bounded', async () => {
    await using cluster = await startCluster();
    const isEvent = ({ path }: { readonly path: string }): boolean => path.includes('/events');
    cluster.api.faults.inject(isEvent, { kind: 'refuse', refusal: internal('no') }, Infinity);
    await using recording = await startRecording(cluster);
    const { recorder, regarding, outcomes } = recording;
    for (let each = 0; each < 2000; each++)
      recorder.record(regarding, notice('Applied', { object: `Service/${each}` }));
    expect(outcomes.filter((outcome) => outcome === 'dropped').length).toBe(1500);
    await expect.poll(() => outcomes.filter((outcome) => outcome === 'failed').length, patience).toBeGreaterThan(5);
  });
});
