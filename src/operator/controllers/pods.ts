/** What Deployments say of their pods. Pure. */
import { isRecord } from '#kernel';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { isNot, isSo, isUnknown, type Finding } from './conditions.ts';

export interface PodsStatus {
  readonly finding: Finding;
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly selector: string | undefined;
  /** None is wanted. */
  readonly isStopped: boolean;
  /** The pods of before still serve while others come. */
  readonly isDegraded: boolean;
}

/** Of the Deployment that is scaled, and of others that it cannot do without. */
export function podsStatus(
  scaled: KubernetesObject | undefined,
  others: readonly (KubernetesObject | undefined)[] = [],
): PodsStatus {
  const first = counts(scaled);
  const all = [first, ...others.map(counts)];
  const stuck = all.find(({ failure }) => failure !== undefined);
  const waiting = all.find((one) => !one.isSettled);
  const finding =
    stuck !== undefined
      ? isNot('Available', 'PodsFailing', stuck.failure as string)
      : waiting !== undefined
        ? isUnknown('Available', 'PodsStarting', `${waiting.name}: ${waiting.ready} of ${waiting.wanted} pods serve`)
        : isSo(
            'Available',
            first.wanted === 0 ? 'Stopped' : 'PodsServing',
            `${first.ready} of ${first.wanted} pods serve`,
          );
  return {
    ...{ finding, replicas: first.replicas, readyReplicas: first.ready, selector: first.selector },
    isStopped: first.wanted === 0,
    isDegraded: all.every(({ ready }) => ready > 0),
  };
}

interface Counts {
  readonly name: string;
  readonly wanted: number;
  readonly replicas: number;
  readonly ready: number;
  readonly selector: string | undefined;
  readonly isSettled: boolean;
  readonly failure: string | undefined;
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

function counts(object: KubernetesObject | undefined): Counts {
  if (object === undefined)
    return {
      ...{ name: 'the Deployment', wanted: 1, replicas: 0, ready: 0 },
      selector: undefined,
      isSettled: false,
      failure: undefined,
    };
  const { name, generation } = object.metadata;
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const status = isRecord(object['status']) ? object['status'] : {};
  const wanted = typeof spec['replicas'] === 'number' ? spec['replicas'] : 1;
  const [replicas, ready, updated] = [status['replicas'], status['readyReplicas'], status['updatedReplicas']].map(
    number,
  ) as [number, number, number];
  const isSeen = generation === undefined || number(status['observedGeneration']) >= generation;
  const conditions = (Array.isArray(status['conditions']) ? status['conditions'] : []).filter(isRecord);
  const failed = conditions.find(
    ({ type, status: is, reason }) =>
      (type === 'ReplicaFailure' && is === 'True') ||
      (type === 'Progressing' && is === 'False' && reason === 'ProgressDeadlineExceeded'),
  );
  return {
    ...{ name, wanted, replicas, ready, selector: printSelector(spec['selector']) },
    isSettled: isSeen && ready >= wanted && updated >= wanted && replicas <= Math.max(wanted, updated),
    failure:
      isSeen && failed !== undefined
        ? `the Deployment \`${name}\` does not get on: ${String(failed['message'])}`
        : undefined,
  };
}

function printSelector(selector: unknown): string | undefined {
  if (!isRecord(selector) || !isRecord(selector['matchLabels'])) return undefined;
  return Object.entries(selector['matchLabels'])
    .map(([label, value]) => `${label}=${String(value)}`)
    .join(',');
}
