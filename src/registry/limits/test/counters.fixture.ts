import { serverSchema, type RedisCountersSettings } from '#contract';

/** `counters:` for a server on this machine, as a configuration gives it. */
export function countersSchemaOf(port: number): RedisCountersSettings {
  const { counters } = serverSchema.parse({ kind: 'server', counters: { type: 'redis', host: '127.0.0.1', port } });
  if (counters?.type !== 'redis') throw new Error('these are no Redis counters');
  return counters;
}
