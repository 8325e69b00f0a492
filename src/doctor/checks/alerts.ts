import { keyState } from '#identity';
import type { Check, Weakness } from '../check.ts';

/** Somebody must hear of it when calls fail. */
export const alerts: Check = {
  id: 'alerts',
  looksAt:
    'whether anything outside can see failures: metrics or telemetry; whether anomalies are looked for; decoys that would trap nobody',
  run({ settings: { metrics, telemetry, alerts: looked }, database, decoys, now }) {
    const unseen = metrics === false && telemetry.otlpEndpoint === undefined;
    const set = new Set(decoys.filter((key) => keyState(key, now) === 'active').map(({ id }) => id));
    const sprung = database === undefined ? [] : looked.decoyKeys.filter((id) => !set.has(id));
    return [...(unseen ? [UNSEEN] : []), ...(looked.anomalies ? [] : [UNLOOKED]), ...sprung.map(sprungTrap)];
  },
};

const UNSEEN: Weakness = {
  severity: 'warning',
  what: 'neither metrics nor telemetry is on: nothing can raise an alarm',
  remedy: 'Take `metrics: false` away and let a monitor read `/metrics`, or name `telemetry.otlpEndpoint`.',
};

const sprungTrap = (id: string): Weakness => ({
  severity: 'warning',
  what: `the decoy \`${id}\` of \`alerts.decoyKeys\` is no active key: whoever comes with it is refused, and nobody hears of it`,
  remedy: 'Make another key for it, or take the id away.',
});

const UNLOOKED: Weakness = {
  severity: 'warning',
  what: '`alerts.anomalies: false`: nobody hears when a key is used in another way than its owner does',
  remedy: 'Take it away, and let a receiver of the audit log tell somebody of `anomaly.detected`.',
};
