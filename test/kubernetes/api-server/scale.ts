/** The scale subresource of a workload. */
import { type ApiObject, child, clone, type JsonObject, text } from './json.ts';

export function scaleOf(object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const labels = Object.entries(child(child(child(object, 'spec'), 'selector'), 'matchLabels'));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: clone({ name, namespace, uid, resourceVersion, creationTimestamp }) as ApiObject['metadata'],
    spec: { replicas: child(object, 'spec')['replicas'] ?? 0 },
    status: {
      replicas: child(object, 'status')['replicas'] ?? 0,
      selector: labels.map(([key, value]) => `${key}=${text(value)}`).join(','),
    },
  };
}

export function withScale(object: ApiObject, scale: JsonObject): ApiObject {
  return {
    ...clone(object),
    spec: { ...clone(child(object, 'spec')), replicas: child(scale, 'spec')['replicas'] ?? 0 },
  };
}
