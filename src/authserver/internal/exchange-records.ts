import { CountedRefusals } from '#audit';
import type { AuditEvent, AuditTrail } from '#contract';
import type { Clock } from '#kernel';
import type { SaidByCertificate } from '#tls';
import type { Judged } from './exchange-answer.ts';

/** Who asked, as far as that is known. */
export interface ExchangeAsker {
  readonly requestId: string;
  readonly address: string | undefined;
  /** What its certificate says, whether it counts or not. */
  readonly said: SaidByCertificate | undefined;
  /** The SPIFFE ID of a certificate that counts. */
  readonly spiffeId?: string;
  /** `namespace/name`, where the peer is a registered owner. */
  readonly owner?: string;
}

const NOBODY = { kind: 'anonymous', iss: 'chatelaine', sub: 'anonymous', name: 'anonymous' } as const;
const WHAT = { class: 'credential', type: 'token.exchange', door: 'internal', action: 'exchange' } as const;

/** Puts every answer of the internal listener on record, before it is sent. */
export class ExchangeRecords {
  readonly #trail: AuditTrail;
  readonly #refusals: CountedRefusals;

  constructor(trail: AuditTrail, clock: Clock) {
    this.#trail = trail;
    this.#refusals = new CountedRefusals(trail, clock);
  }

  /** Resolves when it is on record, or, of a flood of refusals, counted. Rejects as the trail does. */
  async answered(judged: Judged, { requestId, address, said, spiffeId, owner }: ExchangeAsker): Promise<void> {
    const actor =
      spiffeId === undefined
        ? NOBODY
        : ({
            kind: 'workload',
            iss: 'spiffe',
            sub: spiffeId.slice(0, 512),
            name: owner ?? spiffeId.slice(0, 256),
          } as const);
    const details = {
      ...judged.details,
      ...(owner !== undefined && { owner }),
      ...(said !== undefined &&
        spiffeId === undefined && { uris: said.uris.slice(0, 8).map((uri) => uri.slice(0, 500)) }),
      ...('reason' in judged && { reason: judged.reason }),
    };
    const [namespace, name] = owner?.split('/') ?? [];
    const event = {
      ...{ ...WHAT, requestId, actor, details },
      ...(address !== undefined && { address }),
      ...(said !== undefined && { certificateSerial: said.serial.slice(0, 128) }),
      ...(namespace !== undefined && name !== undefined && { object: { kind: 'owner', namespace, name } }),
    };
    if ('granted' in judged) return void (await this.#trail.append({ ...event, outcome: 'success' }));
    const { error, status } = judged.refused;
    if (status === 503) return void (await this.#trail.append({ ...event, error, outcome: 'failure' }));
    const refusal: AuditEvent = { ...event, error, outcome: 'denied', decision: 'forbid' };
    await this.#refusals.record(refusal, spiffeId ?? address ?? '', {
      of: `${WHAT.type} ${actor.sub}`,
      event: { ...WHAT, actor },
    });
  }

  /** Writes what was only counted so far. */
  close(): Promise<void> {
    return this.#refusals.flush();
  }
}
