/** What a write keeps of the live object, what counts as a change of it, and when it is gone. */
import { type ApiObject, child, type JsonObject } from './json.ts';
import type { ResourceType } from './resource-type.ts';

export function keepServerFields(metadata: ApiObject['metadata'], live: ApiObject['metadata']): void {
  const kept = [
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'generateName',
  ] as const;
  for (const name of kept) {
    const value = live[name];
    if (value === undefined) delete metadata[name];
    else Object.assign(metadata, { [name]: value });
  }
}

/** What `generation` counts the changes of. */
export const counted = (object: ApiObject, { status }: ResourceType): JsonObject => {
  const { metadata: _, ...rest } = object;
  if (status) delete rest['status'];
  return rest;
};

/** Two writes are the same when only times of owners differ. */
export const settled = (object: ApiObject): JsonObject => {
  const { managedFields = [], ...metadata } = object.metadata;
  return {
    ...object,
    metadata: { ...metadata, managedFields: managedFields.map((entry) => ({ ...entry, time: '' })) },
  };
};

export const isFinished = (object: ApiObject): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  !(object.kind === 'Namespace' && child(object, 'spec')['finalizers'] !== undefined && finalizersLeft(object));

const finalizersLeft = (object: ApiObject): boolean => {
  const { finalizers } = child(object, 'spec');
  if (Array.isArray(finalizers) && finalizers.length === 0) object['spec'] = {};
  return Array.isArray(finalizers) && finalizers.length > 0;
};

/** Whole seconds, as Kubernetes keeps time. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');
