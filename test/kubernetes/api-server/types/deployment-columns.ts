/** How a table shows a Deployment. */
import { type ApiObject, child, isObject, listAt, text, plain } from '../json.ts';
import { ageColumn } from '../columns.ts';
import type { Column } from '../resource-type.ts';
import { scaleOf } from '../scale.ts';

const count = (part: 'spec' | 'status', name: string) => (object: ApiObject) => child(object, part)[name] ?? 0;
const ofContainers = (name: string) => (object: ApiObject) =>
  listAt(child(child(child(object, 'spec'), 'template'), 'spec'), 'containers')
    .map((one) => text(isObject(one) ? one[name] : ''))
    .join(',');
export const deploymentColumns: readonly Column[] = [
  {
    name: 'Ready',
    type: 'string',
    description: 'Number of the pod with ready state',
    cell: (object) => `${plain(count('status', 'readyReplicas')(object))}/${plain(count('spec', 'replicas')(object))}`,
  },
  {
    name: 'Up-to-date',
    type: 'string',
    description:
      'Total number of non-terminating pods targeted by this deployment that have the desired template spec.',
    cell: count('status', 'updatedReplicas'),
  },
  {
    name: 'Available',
    type: 'string',
    description:
      'Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.',
    cell: count('status', 'availableReplicas'),
  },
  ageColumn,
  {
    name: 'Containers',
    type: 'string',
    description: 'Names of each container in the template.',
    priority: 1,
    cell: ofContainers('name'),
  },
  {
    name: 'Images',
    type: 'string',
    description: 'Images referenced by each container in the template.',
    priority: 1,
    cell: ofContainers('image'),
  },
  {
    name: 'Selector',
    type: 'string',
    description:
      "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
    priority: 1,
    cell: (object) => text(child(scaleOf(object), 'status')['selector']),
  },
];
