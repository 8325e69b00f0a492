import type { Alert } from '../store/alerts-store.ts';

/** Who is told of alerts. */
export interface AlertReceiver {
  /** By which it is remembered who was told: `webhook`, `email`. */
  readonly name: string;
  /** Tells once; rejects where nobody took it. Repeated with the same alert until it does not. */
  tell(alert: Alert): Promise<void>;
}

/** How bad it is: what was touched that nobody had any business with, or what is only unlike its caller. */
export const severityOf = ({ kind }: Pick<Alert, 'kind'>): 'critical' | 'warning' =>
  kind === 'decoy' ? 'critical' : 'warning';

export const typeOf = ({ kind }: Pick<Alert, 'kind'>): 'decoy.touched' | 'anomaly.detected' =>
  kind === 'decoy' ? 'decoy.touched' : 'anomaly.detected';
