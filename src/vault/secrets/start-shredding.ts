import type { AuditTrail } from '#contract';
import { ChatelaineError, startRecurring, type Logger } from '#kernel';
import type { SecretService } from './secret-service.ts';

/** An ended version opens nothing from its last millisecond on; within the hour its value is gone as well. */
const EVERY_MS = 3_600_000;

const AGAIN = 'it is tried again';

export interface ShreddingOptions {
  readonly secrets: Pick<SecretService, 'shredEnded'>;
  readonly trail: AuditTrail;
  readonly log: Logger;
  readonly everyMs?: number;
}

/**
 * Shreds the values of versions whose overlap is over, now and every hour. Each is on record before it is
 * gone; a value that cannot be written down stays until the next run, and opens nothing meanwhile. A secret
 * that cannot be shredded is in the log and on record, by itself and in the count of the run.
 * Several processes may do so at once. Gives how to stop it, which resolves when no run is under way.
 */
export function startShredding({ secrets, trail, log, everyMs = EVERY_MS }: ShreddingOptions): () => Promise<void> {
  const event = {
    class: 'administration',
    type: 'secret.versions-ended',
    door: 'system',
    actor: { kind: 'system', iss: 'chatelaine', sub: 'vault', name: 'vault' },
    action: 'shred',
  } as const;
  const shred = async (): Promise<void> => {
    let failed = 0;
    const shredded = await secrets.shredEnded(
      async (_trx, change) => {
        if (!('secretId' in change)) return;
        const { namespace, name, secretId: id, generation } = change;
        const object = { kind: 'secret', namespace, name, id };
        await trail.append({ ...event, object, outcome: 'intent', details: { generation } });
      },
      async ({ namespace, name }, error) => {
        failed++;
        log.error({ err: error }, `vault: ended versions of the secret \`${namespace}/${name}\` remain; ${AGAIN}`);
        const code = error instanceof ChatelaineError ? error.code : 'INTERNAL';
        const object = { kind: 'secret', namespace, name };
        await trail.append({ ...event, object, outcome: 'failure', error: code });
      },
    );
    if (shredded + failed === 0) return;
    const object = { kind: 'secret', namespace: '', name: '*' };
    const details = { secrets: shredded, ...(failed > 0 && { failed }) };
    await trail.append({ ...event, object, outcome: failed === 0 ? 'success' : 'failure', details });
  };
  return startRecurring(shred, {
    everyMs,
    failed: (error) => log.error({ err: error }, `vault: versions that ended could not be shredded; ${AGAIN}`),
  });
}
