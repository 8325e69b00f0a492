import type { Check } from '../check.ts';

/** Somebody must hear of it when calls fail. */
export const alerts: Check = {
  id: 'alerts',
  looksAt: 'whether anything outside can see failures: metrics or telemetry',
  run({ settings: { metrics, telemetry } }) {
    if (metrics !== false || telemetry.otlpEndpoint !== undefined) return [];
    return [
      {
        severity: 'warning',
        what: 'neither metrics nor telemetry is on: nothing can raise an alarm',
        remedy: 'Take `metrics: false` away and let a monitor read `/metrics`, or name `telemetry.otlpEndpoint`.',
      },
    ];
  },
};
