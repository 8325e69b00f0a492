/** A namespace that is being deleted is emptied, and goes when nothing is in it. */
import type { Controller, ControllerClient, Seen } from '../api-server/controllers.ts';
import { listAt, child } from '../api-server/json.ts';

export function namespaceController(): Controller {
  /** By namespace, what is in it: path by uid. */
  const contents = new Map<string, Map<string, string>>();
  const going = new Map<string, Seen>();

  async function finalize(name: string, client: ControllerClient): Promise<void> {
    const seen = going.get(name);
    if (seen === undefined || (contents.get(name)?.size ?? 0) > 0) return;
    going.delete(name);
    const path = client.pathOf(seen);
    const { body, status } = await client.send('GET', path);
    if (status !== 200) return;
    const rest = listAt(child(body, 'spec'), 'finalizers').filter((one) => one !== 'kubernetes');
    await client.send('PUT', `${path}/finalize`, { ...body, spec: { finalizers: rest } });
  }

  return {
    name: 'namespace-controller',
    async see(seen, client) {
      const { object, resource, type } = seen;
      const { namespace, uid = '', name = '', deletionTimestamp } = object.metadata;
      if (resource === '/namespaces') {
        if (type === 'DELETED') going.delete(name);
        else if (deletionTimestamp !== undefined && !going.has(name)) {
          going.set(name, seen);
          for (const path of contents.get(name)?.values() ?? []) await client.send('DELETE', path);
          await finalize(name, client);
        }
        return;
      }
      if (namespace === undefined) return;
      const inside = contents.get(namespace) ?? new Map<string, string>();
      contents.set(namespace, inside);
      if (type === 'DELETED') inside.delete(uid);
      else if (!inside.has(uid)) {
        inside.set(uid, client.pathOf(seen));
        // It came while the namespace was on its way out.
        if (going.has(namespace)) await client.send('DELETE', client.pathOf(seen));
      }
      await finalize(namespace, client);
    },
  };
}
