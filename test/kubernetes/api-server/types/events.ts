/** Events: kept once, in the form of the core group, and seen as events.k8s.io/v1 under other names of fields. */
import { type ApiObject, child, clone, equal, type JsonObject, text } from '../json.ts';
import type { ResourceType } from '../resource-type.ts';
import { type Cause, invalidValue, required } from '../statuses.ts';
import type { View } from '../store.ts';
import { builtIn } from './built-in.ts';
import { always, atomic, int, microTime, str, struct, time, topLevel } from './dialect.ts';

const LONGEST_NOTE = 1024;

/** By the name in events.k8s.io: the name in the core group. */
const names: Readonly<Record<string, string>> = {
  note: 'message',
  regarding: 'involvedObject',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
};
const newNames = Object.fromEntries(Object.entries(names).map(([now, before]) => [before, now]));

const renamed = (object: ApiObject, apiVersion: string, to: Readonly<Record<string, string>>): ApiObject =>
  ({
    ...Object.fromEntries(Object.entries(clone(object)).map(([name, value]) => [to[name] ?? name, value])),
    apiVersion,
  }) as ApiObject;

const group = 'events.k8s.io';
const toCore = (object: ApiObject): ApiObject => renamed(object, 'v1', names);

export const eventsView: View = {
  resource: `${group}/events`,
  of: '/events',
  shown: (object) => renamed(object, `${group}/v1`, newNames),
  kept: toCore,
};

const reference = struct({
  ...{ kind: str, namespace: str, name: str, uid: str },
  ...{ apiVersion: str, resourceVersion: str, fieldPath: str },
});
const source = always(struct({ component: str, host: str }));
const series = struct({ count: int, lastObservedTime: microTime });

/** Times that are not known are written as null. */
const unknownTimes =
  (...fields: string[]) =>
  (object: JsonObject): void => {
    for (const field of fields) object[field] ??= null;
  };

const fixed = ['involvedObject', 'reason', 'message', 'source', 'type', 'eventTime', 'related', 'action'];

/** What is asked of an event of the newer form, said in names of the core group. */
function newFaults(given: ApiObject, old: ApiObject | undefined): Cause[] {
  const event = toCore(given);
  const found: Cause[] = [];
  if ((event['eventTime'] ?? null) === null) found.push(required('eventTime'));
  const type = text(event['type']);
  if (type !== 'Normal' && type !== 'Warning') found.push(invalidValue('type', '', `has invalid value: ${type}`));
  if (text(event['message']).length > LONGEST_NOTE)
    found.push(invalidValue('message', '', `can have at most ${LONGEST_NOTE} characters`));
  if (old === undefined) return found;
  const before = toCore(old);
  const changed = fixed.filter((name) => !equal(event[name] ?? null, before[name] ?? null));
  return [...found, ...changed.map((name) => invalidValue(name, event[name] ?? null, 'field is immutable'))];
}

function oldFaults(event: ApiObject): Cause[] {
  if ((event['eventTime'] ?? null) !== null) return [];
  const { namespace = '' } = child(event, 'involvedObject');
  if (namespace === event.metadata.namespace) return [];
  return [invalidValue('involvedObject.namespace', namespace, 'does not match event.namespace')];
}

const special = { unconditionalUpdate: true, shortNames: ['ev'], faultGroup: '' } as const;

export const coreEvent: ResourceType = builtIn('', 'v1', 'events', 'Event', {
  ...special,
  createOnUpdate: true,
  selectable: [
    ...['involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid'],
    ...['reason', 'type', 'reportingComponent'],
  ],
  schema: topLevel({
    involvedObject: always(atomic(reference)),
    ...{ reason: str, message: str, source, firstTimestamp: time, lastTimestamp: time, count: int, type: str },
    ...{ eventTime: microTime, series, action: str, related: atomic(reference) },
    reportingComponent: always(str),
    reportingInstance: always(str),
  }),
  prepare: (object) => {
    unknownTimes('firstTimestamp', 'lastTimestamp', 'eventTime')(object);
    object['reportingComponent'] ??= '';
    object['reportingInstance'] ??= '';
  },
  validate: oldFaults,
});

export const newEvent: ResourceType = builtIn(group, 'v1', 'events', 'Event', {
  ...special,
  selectable: [
    ...['regarding.kind', 'regarding.namespace', 'regarding.name', 'regarding.uid'],
    ...['reason', 'type', 'reportingController'],
  ],
  schema: topLevel({
    ...{ eventTime: microTime, series, reportingController: str, reportingInstance: str, action: str, reason: str },
    regarding: always(atomic(reference)),
    ...{ related: atomic(reference), note: str, type: str, deprecatedSource: source },
    ...{ deprecatedFirstTimestamp: time, deprecatedLastTimestamp: time, deprecatedCount: int },
  }),
  prepare: unknownTimes('deprecatedFirstTimestamp', 'deprecatedLastTimestamp', 'eventTime'),
  validate: newFaults,
});
