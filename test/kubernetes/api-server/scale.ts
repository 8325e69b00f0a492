/** The scale subresource: of a workload, and of a custom resource by the paths of its definition. */
import { type ApiObject, child, clone, isObject, type Json, type JsonObject, text } from './json.ts';

/** Paths such as `.spec.replicas`, of a definition. */
export interface ScalePaths {
  readonly spec: string;
  readonly status: string;
  readonly selector: string;
}

export function scaleOf(object: ApiObject, paths?: ScalePaths): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const [wanted, there, selector] =
    paths === undefined
      ? [child(object, 'spec')['replicas'], child(object, 'status')['replicas'], labelsOf(object)]
      : [at(object, paths.spec), at(object, paths.status), text(at(object, paths.selector))];
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: clone({ name, namespace, uid, resourceVersion, creationTimestamp }) as ApiObject['metadata'],
    spec: paths !== undefined && (wanted ?? 0) === 0 ? {} : { replicas: wanted ?? 0 },
    status: { replicas: there ?? 0, ...(selector !== '' && { selector }) },
  };
}

export function withScale(object: ApiObject, scale: JsonObject, paths?: ScalePaths): ApiObject {
  const changed = clone(object);
  const [field = '', ...outer] = (paths?.spec ?? '.spec.replicas').split('.').slice(1).toReversed();
  let parent: JsonObject = changed;
  for (const name of outer.toReversed()) {
    const inner = parent[name];
    parent = isObject(inner) ? inner : (parent[name] = {});
  }
  parent[field] = child(scale, 'spec')['replicas'] ?? 0;
  return changed;
}

const at = (object: ApiObject, path: string): Json | undefined =>
  path
    .split('.')
    .slice(1)
    .reduce<Json | undefined>((value, name) => (isObject(value) ? value[name] : undefined), object);

const labelsOf = (object: ApiObject): string =>
  Object.entries(child(child(child(object, 'spec'), 'selector'), 'matchLabels'))
    .map(([key, value]) => `${key}=${text(value)}`)
    .join(',');
