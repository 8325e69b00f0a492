import type { AuditEvent, AuditTrail, SecretHolder, SecretReader, SecretReference } from '#contract';
import { BoundedCache } from '#kernel';
import type { Vault } from '#vault';

/** Uses that are remembered as recorded; one that fell out would be recorded once more. */
const REMEMBERED = 10_000;

/**
 * The secrets of the vault for the toolbox. Nothing is handed over before its use is on record, once for
 * each version and opening of a source; when it cannot be recorded, it is not handed over. What was
 * refused is recorded once as well, by its code.
 */
export function toolSecrets(reader: Vault['reader'], audit: Pick<AuditTrail, 'append'>): SecretReader {
  const recorded = new BoundedCache<string, Promise<unknown>>(REMEMBERED);

  async function recordOnce(use: string, event: AuditEvent): Promise<void> {
    const known = recorded.get(use);
    if (known !== undefined) return void (await known);
    const appending = audit.append(event);
    recorded.set(use, appending);
    try {
      await appending;
    } catch (error) {
      recorded.delete(use);
      throw error;
    }
  }

  return {
    async read(reference, holder) {
      const { namespace, by, connection } = holder;
      const asked = `${connection} ${reference.namespace}/${reference.name}`;
      try {
        const { material, secretId, version, endsAt } = await reader.readVersion(reference, { namespace, by });
        const used = `${secretId}.${version}`;
        await recordOnce(`${asked} ${used}`, {
          ...eventOf(reference, holder, { version }),
          object: { kind: 'secret', namespace: reference.namespace, name: reference.name, id: secretId },
          outcome: 'success',
        });
        return { material, version: used, endsAt };
      } catch (error) {
        const { code } = error as { readonly code?: unknown };
        // Not again what the audit log itself could not take.
        if (typeof code !== 'string' || code.startsWith('AUDIT_')) throw error;
        await recordOnce(`${asked} ${code}`, {
          ...eventOf(reference, holder, reference.version === undefined ? {} : { version: reference.version }),
          outcome: code === 'SECRET_UNKNOWN' ? 'denied' : 'failure',
          error: code,
        });
        throw error;
      }
    },
  };
}

function eventOf(
  { namespace, name }: SecretReference,
  holder: SecretHolder,
  details: { readonly version?: number },
): Omit<AuditEvent, 'outcome'> {
  return {
    class: 'credential',
    type: 'secret.used',
    door: 'system',
    // Sources connect on their own: whose call came first is in the record of that call.
    actor: { kind: 'system', iss: 'chatelaine', sub: 'toolbox', name: 'toolbox' },
    action: 'use',
    object: { kind: 'secret', namespace, name },
    details: { by: holder.by, namespace: holder.namespace, connection: holder.connection, ...details },
  };
}
