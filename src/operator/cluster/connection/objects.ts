/** What the API server answers and streams, read once. */
import { z } from 'zod';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import type { Resource } from '../resource.ts';

const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().optional(),
  creationTimestamp: z.string().nullish(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z
    .array(z.looseObject({ apiVersion: z.string(), kind: z.string(), name: z.string(), uid: z.string() }))
    .optional(),
});

// Items of a list do not say what they are: the list does.
const object = z.looseObject({ apiVersion: z.string().optional(), kind: z.string().optional(), metadata });

const list = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(object).nullable(),
});

const bookmark = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) });

const frame = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

/** A page of a list. `next` leads to the one behind it. */
export interface Page {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubernetesObject }
  /** Everything up to that version was told. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  | { readonly type: 'ERROR'; readonly object: unknown };

const named = ({ apiVersion, kind }: Resource, read: z.output<typeof object>): KubernetesObject =>
  ({ ...read, apiVersion: read.apiVersion ?? apiVersion, kind: read.kind ?? kind }) as KubernetesObject;

/** These three throw what zod throws; whoever calls says which answer it was. */
export const readObject = (resource: Resource, value: unknown): KubernetesObject =>
  named(resource, object.parse(value));

export function readPage(resource: Resource, value: unknown): Page {
  const { metadata: of, items } = list.parse(value);
  return {
    items: (items ?? []).map((item) => named(resource, item)),
    resourceVersion: of.resourceVersion,
    next: of.continue === '' ? undefined : of.continue,
  };
}

export function readFrame(resource: Resource, line: string): WatchEvent {
  const { type, object: of } = frame.parse(JSON.parse(line));
  if (type === 'ERROR') return { type, object: of };
  if (type === 'BOOKMARK') return { type, resourceVersion: bookmark.parse(of).metadata.resourceVersion };
  return { type, object: readObject(resource, of) };
}
