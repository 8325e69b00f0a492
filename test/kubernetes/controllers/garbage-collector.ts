/** What belongs to something that is gone goes as well, in the background. */
import type { Controller, ControllerClient, Seen } from '../api-server/controllers.ts';
import { type ApiObject, isObject, listAt, text } from '../api-server/json.ts';

const ownersOf = ({ metadata }: ApiObject): string[] =>
  listAt(metadata, 'ownerReferences').map((one) => text(isObject(one) ? one['uid'] : ''));

export function garbageCollector(): Controller {
  const living = new Map<string, Seen>();
  return {
    name: 'generic-garbage-collector',
    async see(seen, client) {
      const { type, object } = seen;
      const uid = object.metadata.uid ?? '';
      if (type === 'DELETED') {
        living.delete(uid);
        for (const one of living.values()) if (ownersOf(one.object).includes(uid)) await collect(one, living, client);
        return;
      }
      living.set(uid, seen);
      await collect(seen, living, client);
    },
  };
}

/** An owner counts where it could own at all: in the same namespace, or at the cluster scope. */
async function collect(seen: Seen, living: ReadonlyMap<string, Seen>, client: ControllerClient): Promise<void> {
  const { object } = seen;
  const owners = ownersOf(object);
  const { uid = '', namespace, deletionTimestamp } = object.metadata;
  if (owners.length === 0 || deletionTimestamp !== undefined) return;
  const left = owners.filter((owner) => {
    const place = living.get(owner)?.object.metadata.namespace;
    return living.has(owner) && (place === undefined || place === namespace);
  });
  if (left.length === owners.length) return;
  const path = client.pathOf(seen);
  if (left.length === 0) {
    const options = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid },
      propagationPolicy: 'Background',
    };
    await client.send('DELETE', path, options);
    return;
  }
  const kept = listAt(object.metadata, 'ownerReferences').filter(
    (one) => isObject(one) && left.includes(text(one['uid'])),
  );
  await client.send('PATCH', path, { metadata: { uid, ownerReferences: kept } }, 'merge-patch+json');
}
