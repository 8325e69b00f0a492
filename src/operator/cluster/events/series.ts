/** Events that say the same of the same object are one, with a count (`series` of events.k8s.io/v1). Pure. */
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { microTime } from '../election/lease.ts';
import { EVENTS } from '../resources.ts';
import type { Notice } from './notice.ts';

/** As one that is told of was read. */
export type Regarding = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>;

export interface Reporter {
  readonly controller: string;
  /** The process. */
  readonly instance: string;
}

export const seriesKey = ({ metadata, kind }: Regarding, { reason, type, action, note }: Notice): string =>
  [kind, metadata.namespace ?? '', metadata.name, metadata.uid ?? '', type, action, reason, note].join('\0');

/** Events about what has no namespace are in this one, as those of nodes. */
const WITHOUT_NAMESPACE = 'default';

/** API servers refuse longer ones. */
const LONGEST_NAME = 253;
const LONGEST_NOTE = 1024;

/** `count` is how often it came up before it is written first. */
export function newEvent(
  { regarding, notice, count }: { readonly regarding: Regarding; readonly notice: Notice; readonly count: number },
  reporter: Reporter,
  id: string,
  now: number,
): KubernetesObject {
  const { apiVersion, kind, metadata } = regarding;
  const { name, namespace, uid, resourceVersion } = metadata;
  const { reason, type, action, note } = notice;
  return {
    apiVersion: EVENTS.apiVersion,
    kind: EVENTS.kind,
    metadata: {
      name: `${name.slice(0, LONGEST_NAME - id.length - 1)}.${id}`,
      namespace: namespace ?? WITHOUT_NAMESPACE,
    },
    eventTime: microTime(now),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, 128),
    ...{ type, reason, action, note: note.slice(0, LONGEST_NOTE) },
    regarding: { apiVersion, kind, name, namespace, uid, resourceVersion },
    // A series of one is refused.
    ...(count > 1 ? seriesPatch(count, now) : {}),
  };
}

export const seriesPatch = (count: number, now: number): Readonly<Record<string, unknown>> => ({
  series: { count, lastObservedTime: microTime(now) },
});
