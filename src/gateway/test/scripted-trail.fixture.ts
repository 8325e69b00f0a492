import { createHash } from 'node:crypto';
import type { AuditEvent, AuditPosition, AuditStatus, AuditTrail } from '#contract';
import { ChatelaineError } from '#kernel';

/** A trail that says what was put on record, and that a test can hold up or break. */
export class ScriptedTrail implements AuditTrail {
  readonly events: AuditEvent[] = [];
  broken = false;
  #held: Promise<void> | undefined;

  async append(event: AuditEvent): Promise<AuditPosition> {
    await this.#held;
    if (this.broken) {
      const entry = { status: 503, title: 'cannot be written', remedy: 'Check the disk.' };
      throw new ChatelaineError('AUDIT_UNAVAILABLE', entry, 'the audit log cannot be written (ENOSPC)');
    }
    const seq = this.events.push(event);
    return { id: `record-${seq}`, writer: 'test', seq };
  }

  get status(): AuditStatus {
    return this.broken ? { available: false, since: 0, reason: 'broken by the test' } : { available: true };
  }

  digest(value: unknown): string {
    return `hs256:00000000:${createHash('sha256').update(JSON.stringify(value)).digest('base64url')}`;
  }

  /** From now on nothing is durable, until the function is called that this gives. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** What is on record, authentications aside, in a line each. */
  calls(): string[] {
    return this.events
      .filter((event) => event.class === 'tool-call')
      .map(({ type, object, outcome, error }) => [type, object?.name, outcome, error].filter(Boolean).join(' '));
  }
}
