/** Claims of volumes, of the core group. */
import { type ApiObject, child, equal } from '../json.ts';
import type { ResourceType } from '../resource-type.ts';
import { type Cause, forbiddenField } from '../statuses.ts';
import { builtIn } from './built-in.ts';
import {
  always,
  anything,
  conditions,
  labelSelector,
  list,
  map,
  or,
  quantity,
  str,
  struct,
  topLevel,
} from './dialect.ts';

/** Once it is bound a claim may only ask for more. */
function fixedSpec(object: ApiObject, old: ApiObject | undefined): Cause[] {
  if (old === undefined) return [];
  const { resources: _, volumeName: given, ...spec } = child(object, 'spec');
  const { resources: __, volumeName: had, ...before } = child(old, 'spec');
  const why =
    'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  return equal(spec, before) && (had === undefined || had === given) ? [] : [forbiddenField('spec', why)];
}

export const volumeClaim: ResourceType = builtIn('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', {
  status: true,
  unconditionalUpdate: true,
  deleteAnswersObject: true,
  shortNames: ['pvc'],
  schema: topLevel({
    spec: always(
      struct({
        accessModes: list(str),
        selector: labelSelector,
        resources: always(struct({ requests: map(quantity), limits: map(quantity) })),
        volumeName: str,
        storageClassName: str,
        volumeMode: or(str, 'Filesystem'),
        dataSource: anything,
        dataSourceRef: anything,
        volumeAttributesClassName: str,
      }),
    ),
    status: always(
      struct({
        phase: str,
        accessModes: list(str),
        capacity: map(quantity),
        conditions,
        allocatedResources: map(quantity),
      }),
    ),
  }),
  prepare: (object, old) => {
    if (old === undefined) object['status'] = { phase: 'Pending' };
  },
  validate: fixedSpec,
});
