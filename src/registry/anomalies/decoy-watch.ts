/**
 * Decoys: tools and keys that nobody has any business with. Whoever touches one has looked where nobody should have,
 * so the first touch is told at once, before there is any history; the toucher is answered as for what is not there.
 */
import type { AuditTrail, Principal } from '#contract';
import type { Database } from '#db';
import { LOCAL_ISSUER, SYSTEM } from '#identity';
import { newId, type Clock, type Logger } from '#kernel';
import { raiseAlert, setAlertRecord, type Alert } from '../store/alerts-store.ts';
import { pseudonymOf } from '../usage/usage.ts';

export interface DecoyTouch {
  readonly what: 'tool' | 'key';
  /** The name of the tool, the id of the key. */
  readonly name: string;
  readonly namespace: string;
  /** Who called; of a key whose it is said to be. */
  readonly principal: Principal;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

export interface DecoyWatchParts {
  readonly database: Database;
  readonly trail: Pick<AuditTrail, 'append'>;
  /** An alert was raised; undefined where nobody is told. */
  readonly raised: (() => void) | undefined;
  readonly counted: (kind: 'decoy') => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Whoever goes on is told of once a minute; every call is on record by itself. */
const COOLDOWN_MS = 60_000;
const MOST_WAITING = 200;

export class DecoyWatch {
  readonly #parts: DecoyWatchParts;
  #working: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(parts: DecoyWatchParts) {
    this.#parts = parts;
  }

  /** Holds nobody up, and tells the log whatever becomes of the rest. */
  touched(touch: DecoyTouch): void {
    const { log } = this.#parts;
    const { what, name, namespace, principal } = touch;
    log.error(
      { event: 'decoy.touched', decoy: what, name, namespace, by: pseudonymOf(principal) },
      'a decoy was touched',
    );
    if (this.#waiting >= MOST_WAITING) return;
    this.#waiting++;
    this.#working = this.#working
      .then(() => this.#raise(touch))
      .catch((error: unknown) => log.error({ err: error }, 'the alert of a decoy could not be raised'))
      .finally(() => this.#waiting--);
  }

  /** When all that was touched is told of. */
  close(): Promise<void> {
    return this.#working;
  }

  async #raise({ what, name, namespace, principal, address, userAgent }: DecoyTouch): Promise<void> {
    const { database, trail, raised, counted, clock } = this.#parts;
    const now = clock.now();
    const alert: Alert = {
      ...{ id: newId(now), kind: 'decoy', namespace, principal: pseudonymOf(principal) },
      ...{ tool: what === 'tool' ? name : `key ${name}`, seen: `a decoy ${what} was used`, usual: 'never' },
      ...{ recordId: undefined, raisedAt: now, acknowledgedAt: undefined, acknowledgedBy: undefined, note: '' },
    };
    const isNew = await database.transaction((trx) =>
      raiseAlert(trx, alert, { cooldownMs: COOLDOWN_MS, isTold: raised !== undefined }),
    );
    if (!isNew) return;
    counted('decoy');
    const { kind, iss, sub, name: who } = principal;
    const where = {
      ...(address !== undefined && { address }),
      ...(userAgent !== undefined && { userAgent: userAgent.slice(0, 256) }),
    };
    const isPerson = kind === 'user' && iss === LOCAL_ISSUER;
    const { id } = await trail.append({
      ...{ class: 'authorization', type: 'decoy.touched', door: 'system', actor: SYSTEM, action: 'detect' },
      object: { kind, namespace, name: who, id: iss === LOCAL_ISSUER ? sub : `${iss}#${sub}`.slice(0, 256) },
      outcome: 'success',
      details: { alert: alert.id, severity: 'critical', decoy: what, name, ...(!isPerson && where) },
      ...(isPerson && Object.keys(where).length > 0 && { personal: where }),
    });
    await setAlertRecord(database.db, alert.id, id);
    raised?.();
  }
}
