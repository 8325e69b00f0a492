/** `/api/v1/data-keys` and `/api/v1/subjects`: the keys that seal, and their end. */
import { z } from 'zod';
import type { IntendedChange } from '#audit';
import { EVERYWHERE, resourceName, type AuditTrail } from '#contract';
import { moment, momentOf, route, type Route } from '#http';
import { recordedVaultChange } from '../recorded-vault-change.ts';
import { namespaceScope, subjectScope, type Vault } from '../vault.ts';

/** `erasing` is told of whoever is about to be erased: what else is kept of them goes first. */
export function dataKeyRoutes(
  vault: Vault,
  trail: AuditTrail,
  erasing: (subject: string) => Promise<void>,
): readonly Route[] {
  return [
    route({
      operationId: 'listKeyWrappers',
      method: 'GET',
      path: '/data-keys/wrappers',
      summary: 'How many data keys each wrapping key holds; one that holds none may go',
      tag: 'data keys',
      permission: 'vault.read',
      where: 'everywhere',
      answer: z.strictObject({
        items: z.array(z.strictObject({ wrapper: z.string(), version: z.string(), keys: z.int() })),
      }),
      handle: async () => ({ items: [...(await vault.wrapperUses())] }),
    }),
    route({
      operationId: 'rotateDataKey',
      method: 'POST',
      path: '/data-keys/namespaces/{namespace}/rotate',
      summary: 'Give a namespace a new data key, and seal its secrets again with it',
      tag: 'data keys',
      permission: 'vault.rotate',
      where: 'everywhere',
      params: z.strictObject({ namespace: resourceName }),
      errors: ['VAULT_BUSY', 'SEALED_DATA_ALTERED', 'KEY_WRAPPER_UNAVAILABLE'],
      answer: z.strictObject({ namespace: z.string(), sealedAgain: z.int() }),
      handle: async ({ params: { namespace }, origin }) => {
        const intended = intendedOf('data-key.rotated', 'rotate', { kind: 'data-key', namespace, name: namespace });
        const sealedAgain = await recordedVaultChange(trail, origin, intended, (record) =>
          vault.rotate(namespaceScope(namespace), record),
        );
        return { namespace, sealedAgain };
      },
    }),
    route({
      operationId: 'rewrapDataKeys',
      method: 'POST',
      path: '/data-keys/rewrap',
      summary: 'Bring every data key under the current wrapping key',
      tag: 'data keys',
      permission: 'vault.rotate',
      where: 'everywhere',
      errors: ['VAULT_BUSY', 'KEY_UNWRAP_FAILED', 'KEY_WRAPPER_UNAVAILABLE'],
      answer: z.strictObject({ rewrapped: z.int() }),
      handle: async ({ origin }) => {
        const intended = intendedOf('data-keys.rewrapped', 'rewrap', {
          kind: 'data-key',
          namespace: EVERYWHERE,
          name: '*',
        });
        return { rewrapped: await recordedVaultChange(trail, origin, intended, () => vault.rewrap()) };
      },
    }),
    route({
      operationId: 'eraseSubject',
      method: 'POST',
      path: '/subjects/{subject}/erase',
      summary: 'Destroy the keys of a data subject: what they protect is gone for good, in backups as well',
      tag: 'data keys',
      permission: 'vault.erase',
      where: 'everywhere',
      params: z.strictObject({ subject: z.string().min(1).max(256) }),
      errors: ['SUBJECT_REFUSED', 'VAULT_BUSY'],
      answer: z.strictObject({ subject: z.string(), erasedAt: moment }),
      handle: async ({ params: { subject }, origin }) => {
        subjectScope(subject);
        // By its digest: a record that names who was to be forgotten would be what keeps the name.
        const object = { kind: 'subject', namespace: EVERYWHERE, name: trail.digest(subject) };
        const erasedAt = await recordedVaultChange(
          trail,
          origin,
          intendedOf('subject.erased', 'erase', object),
          async (record) => {
            await erasing(subject);
            return await vault.eraseSubject(subject, record);
          },
        );
        return { subject, erasedAt: momentOf(erasedAt) };
      },
    }),
  ];
}

const intendedOf = (type: string, action: string, object: IntendedChange['object']): IntendedChange => ({
  type,
  action,
  object,
});
