/** A claim of a volume is bound to one of the size that it asks for. */
import type { Controller } from '../api-server/controllers.ts';
import { child } from '../api-server/json.ts';

export function volumeBinder(): Controller {
  return {
    name: 'persistent-volume-binder',
    async see(seen, client) {
      const { object, resource, type } = seen;
      if (resource !== '/persistentvolumeclaims' || type === 'DELETED') return;
      const spec = child(object, 'spec');
      const capacity = child(child(spec, 'resources'), 'requests');
      const status = child(object, 'status');
      const isBound = status['phase'] === 'Bound' && child(status, 'capacity')['storage'] === capacity['storage'];
      if (isBound || object.metadata.deletionTimestamp !== undefined) return;
      const path = client.pathOf(seen);
      const volumeName = spec['volumeName'] ?? `pvc-${object.metadata.uid}`;
      await client.send('PATCH', path, { spec: { volumeName } }, 'merge-patch+json');
      await client.status(path, { phase: 'Bound', accessModes: spec['accessModes'] ?? [], capacity });
    },
  };
}
